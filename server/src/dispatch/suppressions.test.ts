import type { KyselyPlugin } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { SUPPRESSED } from '#contract/suppressions.ts'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import { transaction } from '#server/db/transaction.ts'
import { Bell } from '#server/lib/Bell.ts'
import { MessageService } from '#server/messages/MessageService.ts'
import { HeldRows } from '#server/recipients/lostClaims.ts'
import { parseMessageId } from '#server/recipients/messageId.ts'
import type { Settlement } from '#server/recipients/settleRecipients.ts'
import { insertSuppressions } from '#server/suppressions/suppressionQueries.ts'
import { buildSender, holdLane, testSuppressions } from '#server/test/builders.ts'
import { findRunningCampaign } from './dispatchQueries.ts'
import { DispatchTestBench, untilTrue, type Line } from './dispatchTestBench.ts'
import { QueueManager } from './QueueManager.ts'
import { SuppressionWatch } from './SuppressionWatch.ts'

let bench: DispatchTestBench

beforeAll(async () => {
  bench = await DispatchTestBench.open()
})
afterEach(() => bench.clear())
afterAll(() => bench.close())

/** The recipient with this number within a built campaign. */
const phoneOf = (n: number) => `+55119${String(10_000_000 + n)}`
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

async function suppress(userId: string, phones: string[]): Promise<void> {
  const people = phones.map((phone) => ({ phone, hash: testSuppressions.hashOf(userId, phone) }))
  const why = { reason: 'opted_out', source: 'api', note: null } as const
  await transaction(bench.db, (trx) => insertSuppressions(trx, userId, people, why))
}

/** Numbers of the recipients to whom a request was made. */
async function requested({ sandboxUser }: Line): Promise<number[]> {
  const lines = await bench.sandbox.ledger(sandboxUser, 'read')
  return lines.flatMap(({ messageId }) => parseMessageId(messageId)?.recipient ?? [])
}

async function reasonsOf({ campaign }: Line, status: 'skipped' | 'unknown') {
  const rows = await bench.db
    .selectFrom('campaign_contacts')
    .select(['id', 'error_code'])
    .where('campaign_id', '=', campaign.id)
    .where('status', '=', status)
    .orderBy('id')
    .execute()
  return rows.map(({ id, error_code }) => [id, error_code])
}

describe('people who are suppressed while a campaign runs', () => {
  it('are left out, are in the books as skipped with the reason, and the others are reached', async () => {
    const line = await bench.newCampaign(400, {}, { maxInFlight: 4, latencyMinMs: 10, latencyMaxMs: 20 })
    await bench.startWorker()
    await untilTrue('it runs', async () => (await requested(line)).length > 20)
    await suppress(line.campaign.userId, range(250, 349).map(phoneOf))
    await bench.untilStatus(line, 'completed')
    expect((await requested(line)).toSorted((a, b) => a - b)).toEqual([...range(1, 249), ...range(350, 400)])
    expect(await bench.counts(line)).toMatchObject({ sent: 300, skipped: 100, pending: 0, sending: 0 })
    expect(await reasonsOf(line, 'skipped')).toEqual(range(250, 349).map((id) => [id, SUPPRESSED]))
    expect(await bench.hasDrifted(line)).toBe(false)
  })

  it('are left out also when they were claimed already and wait for their turn', async () => {
    const line = await bench.newCampaign(12, { delayMs: 500 })
    await bench.startWorker()
    await untilTrue('all are claimed', async () => (await bench.counts(line)).sending >= 10)
    await suppress(line.campaign.userId, range(4, 11).map(phoneOf))
    await bench.untilStatus(line, 'completed')
    expect(await requested(line)).toEqual([1, 2, 3, 12])
    expect(await bench.counts(line)).toMatchObject({ sent: 4, skipped: 8 })
    expect(await bench.hasDrifted(line)).toBe(false)
  })

  it('get no further step of a sequence', async () => {
    const messages = [
      { type: 'text' as const, content: 'um' },
      { type: 'text' as const, content: 'dois', delayBeforeMs: 1500 },
    ]
    const line = await bench.newCampaign(3, { messages })
    await bench.startWorker()
    await untilTrue('the first step is out', async () => (await bench.counts(line)).retrying === 3)
    await suppress(line.campaign.userId, [phoneOf(2)])
    await bench.untilStatus(line, 'completed')
    expect((await requested(line)).toSorted((a, b) => a - b)).toEqual([1, 1, 2, 3, 3])
    expect(await bench.counts(line)).toMatchObject({ sent: 2, skipped: 1 })
  })

  it('end as unknown and not as skipped where the message may have gone out before', async () => {
    const line = await bench.newCampaign(2)
    await bench.leaveUnderWay(line.campaign)
    await suppress(line.campaign.userId, [phoneOf(1)])
    await bench.startWorker()
    await bench.untilStatus(line, 'completed')
    expect(await requested(line)).toEqual([2])
    expect(await reasonsOf(line, 'unknown')).toEqual([[1, SUPPRESSED]])
    expect(await bench.hasDrifted(line)).toBe(false)
  })

  it('more of them than a batch holds do not make the campaign believe that it is over', async () => {
    const line = await bench.newCampaign(250)
    await suppress(line.campaign.userId, range(1, 249).map(phoneOf))
    await bench.startWorker()
    await bench.untilStatus(line, 'completed')
    expect(await requested(line)).toEqual([250])
    expect(await bench.counts(line)).toMatchObject({ sent: 1, skipped: 249 })
  })

  it('of another account are not meant', async () => {
    const [line, other] = [await bench.newCampaign(5), await bench.newCampaign(5)]
    await suppress(other.campaign.userId, range(1, 5).map(phoneOf))
    await bench.startWorker()
    await bench.untilStatus(line, 'completed')
    expect(await bench.counts(line)).toMatchObject({ sent: 5, skipped: 0 })
  })
})

it('somebody who is suppressed while the answer of their claim is on its way is not handed out', async () => {
  const { campaign } = await bench.newCampaign(3)
  const lane = await holdLane(bench.db, campaign)
  const watch = new SuppressionWatch(bench.db, campaign.userId)
  let isArmed = true
  const meanwhile: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      if (isArmed) {
        isArmed = false
        await suppress(campaign.userId, [phoneOf(2)])
        watch.learn(1)
      }
      return result
    },
  }
  const running = await findRunningCampaign(bench.db, campaign.id)
  if (running === undefined) throw new Error('The campaign does not run.')
  const settled: Settlement[] = []
  const queue = new QueueManager({
    loadMedium: async () => null,
    db: bench.db.withPlugin(meanwhile),
    lane,
    campaign: running,
    pace: { delayMinMs: 0, delayMaxMs: 0, window: null, timeZone: 'UTC', isSlow: false },
    held: new HeldRows(),
    settle: (settlement) => settled.push(settlement),
    maxBatch: 100,
    mayHaveSuspects: false,
    suppressions: watch,
    gateway: { isIdempotent: true, limits: { deadlineMs: 1000, maxInFlight: 8 } },
  })
  await queue.processContactsBatch(10, 0)
  expect([queue.take()?.id, queue.take()?.id, queue.take()]).toEqual([1, 3, null])
  expect(settled).toMatchObject([{ id: 2, status: 'skipped', reason: SUPPRESSED }])
})

describe('a single message', () => {
  const newService = () =>
    new MessageService({ db: bench.db, audit: new AuditLogger(), suppressions: testSuppressions, bell: new Bell() })
  const bodyTo = ({ campaign }: Line, phone: string) => ({
    channelId: campaign.channelId,
    phone,
    message: { type: 'text' as const, content: 'Recado' },
    unknownPolicy: 'resend' as const,
  })

  it('to somebody who is suppressed is refused, and nothing of it is stored', async () => {
    const line = await bench.newCampaign(1)
    await suppress(line.campaign.userId, [phoneOf(7)])
    const sender = buildSender(line.campaign.userId)
    await expect(newService().create(sender, bodyTo(line, phoneOf(7)))).rejects.toMatchObject({
      code: 'BLOCKED_NUMBER',
    })
    expect((await newService().list(line.campaign.userId, 10, null)).items).toEqual([])
  })

  it('that waits when its person is suppressed is not sent, and its books are closed', async () => {
    const line = await bench.newCampaign(1)
    const { userId } = line.campaign
    const { messageId } = await newService().create(buildSender(userId), bodyTo(line, phoneOf(7)))
    await suppress(userId, [phoneOf(7)])
    await bench.startWorker()
    await untilTrue('it is over', async () => {
      const row = await bench.db.selectFrom('campaigns').select('status').where('id', '=', messageId).executeTakeFirst()
      return row?.status === 'completed'
    })
    expect(await newService().get(userId, messageId)).toMatchObject({ state: 'failed', code: SUPPRESSED })
    expect((await bench.sandbox.ledger(line.sandboxUser, 'read')).map(({ number }) => number)).not.toContain(
      phoneOf(7).slice(1),
    )
  })
})
