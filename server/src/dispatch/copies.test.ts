import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { moveCampaigns } from '#server/campaigns/campaignQueries.ts'
import { arm } from '#server/db/arming.ts'
import { transaction } from '#server/db/transaction.ts'
import { copyDatabase } from '#server/db/transfer/copyDatabase.ts'
import { messageIdOf } from '#server/recipients/messageId.ts'
import { getCounts } from '#server/recipients/recipientQueries.ts'
import { createEmptyDatabase, type EmptyDatabase } from '#server/test/emptyDatabase.ts'
import { DispatchTestBench, untilTrue } from './dispatchTestBench.ts'

const SIZE = 300

let bench: DispatchTestBench
let target: EmptyDatabase

beforeAll(async () => {
  bench = await DispatchTestBench.open()
  target = await createEmptyDatabase()
})
afterEach(() => bench.clear())
afterAll(async () => {
  await bench.close()
  await target.close()
})

it('a campaign that was copied while it was paused has the same counts there, waits to be armed, and sends exactly the rest', async () => {
  const line = await bench.newCampaign(SIZE, {}, { latencyMinMs: 5, latencyMaxMs: 10 })
  const worker = await bench.startWorker()
  await untilTrue('some are sent', async () => (await bench.counts(line)).sent > 40)
  await bench.moveTo(line, 'paused')
  await worker.stop()
  const before = await bench.accepted(line)

  const quiet = { tell: () => undefined, inspect: async () => undefined }
  await copyDatabase(bench.test.connection, target.connection, quiet)
  const db = target.open()
  const { userId, id, tag } = line.campaign
  expect(await getCounts(db, userId, id)).toEqual(await bench.counts(line))

  const there = await bench.startWorker({ db, pollMs: 20 })
  await transaction(db, (trx) => moveCampaigns(trx, 'running', { id }))
  // Long enough for many looks at what is to be taken.
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect([there.activeQueues.size, (await bench.accepted(line)).length]).toEqual([0, before.length])

  await arm(db)
  await untilTrue('everybody is sent to', async () => (await getCounts(db, userId, id)).sent === SIZE)
  await there.stop()
  const all = Array.from({ length: SIZE }, (_, n) => messageIdOf(tag, n + 1, 0))
  expect((await bench.accepted(line)).toSorted()).toEqual(all.toSorted())
})

it('in a copy nothing starts by the clock before it is armed', async () => {
  const line = await bench.newCampaign(3, { status: 'scheduled' })
  const dueAt = new Date(Date.now() - 1000)
  await bench.db.updateTable('campaigns').set({ scheduled_at: dueAt }).where('id', '=', line.campaign.id).execute()
  await bench.db.updateTable('installation').set({ armed_for: 'elsewhere' }).execute()
  await bench.newKeeper().startDue()
  expect((await bench.rowOf(line)).status).toBe('scheduled')
  await arm(bench.db)
  await bench.newKeeper().startDue()
  expect((await bench.rowOf(line)).status).toBe('running')
})
