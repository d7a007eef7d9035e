import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { SandboxBehaviour } from '#contract/channels.ts'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import { CampaignKeeper } from '#server/campaigns/CampaignKeeper.ts'
import { GatewayRegistry } from '#server/channels/GatewayRegistry.ts'
import { transaction } from '#server/db/transaction.ts'
import { Bell } from '#server/lib/Bell.ts'
import { messageIdOf } from '#server/recipients/messageId.ts'
import { getCounts, recount } from '#server/recipients/recipientQueries.ts'
import { moveCampaigns } from '#server/campaigns/campaignQueries.ts'
import { TestSandbox } from '#server/sandbox/testSandbox.ts'
import { buildCampaign, buildChannel, buildUser, testBox, type BuiltCampaign } from '#server/test/builders.ts'
import { createTestDatabase, testLog, type TestDatabase } from '#server/test/testDatabase.ts'
import { CampaignScheduler } from './CampaignScheduler.ts'
import { StateSynchronizer } from './StateSynchronizer.ts'

const LEASE_MS = 3000

let test: TestDatabase
let sandbox: TestSandbox
const workers: CampaignScheduler[] = []

beforeAll(async () => {
  test = await createTestDatabase({ max: 20 })
  sandbox = await TestSandbox.start()
})
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()))
  // What one test left running must not be picked up by the workers of the next.
  await test.db.updateTable('campaigns').set({ status: 'cancelled' }).where('status', 'in', ['running', 'paused']).execute()
})
afterAll(async () => {
  await sandbox.stop()
  await test.close()
})

function newWorker(): CampaignScheduler {
  const bell = new Bell()
  const worker = new CampaignScheduler({
    db: test.db,
    leaseDb: test.db,
    gateways: new GatewayRegistry({ box: testBox, sandboxUrl: async () => sandbox.url }),
    keeper: new CampaignKeeper({ db: test.db, audit: new AuditLogger(), bell }),
    bell,
    log: testLog,
    leaseMs: LEASE_MS,
    pollMs: 50,
    drainMs: 2000,
    batchSize: 100,
  })
  workers.push(worker)
  return worker
}

async function startWorker(): Promise<CampaignScheduler> {
  const worker = newWorker()
  await worker.start()
  return worker
}

type Line = { campaign: BuiltCampaign; sandboxUser: string }

async function newCampaign(recipients: number, more: Parameters<typeof buildCampaign>[2] = {}, behaviour: SandboxBehaviour = {}): Promise<Line> {
  const userId = await buildUser(test.db)
  const settings = { maxInFlight: 8, ...behaviour }
  const channel = await buildChannel(test.db, userId, { sandbox: settings })
  const sandboxUser = await sandbox.register(channel.token, settings)
  return { campaign: await buildCampaign(test.db, { userId, channelId: channel.id }, { recipients, ...more }), sandboxUser }
}

const counts = ({ campaign }: Line) => getCounts(test.db, campaign.userId, campaign.id)
const rowOf = ({ campaign }: Line) => test.db.selectFrom('campaigns').selectAll().where('id', '=', campaign.id).executeTakeFirstOrThrow()

async function untilTrue(what: string, isTrue: () => Promise<boolean>, timeoutMs = 15_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error(`Did not happen in ${timeoutMs} ms: ${what}`)
    await sleep(20)
  }
}

const untilStatus = (line: Line, status: string) => untilTrue(`status ${status}`, async () => (await rowOf(line)).status === status)

async function accepted(line: Line): Promise<string[]> {
  return (await sandbox.ledger(line.sandboxUser, 'accepted')).map(({ messageId }) => messageId)
}

async function expectBooksBalance(line: Line): Promise<void> {
  const { campaign } = line
  const { drifted } = await transaction(test.db, (trx) => recount(trx, campaign.userId, campaign.id))
  expect(drifted).toBe(false)
}

const moveTo = (line: Line, status: 'paused' | 'running' | 'cancelled') =>
  transaction(test.db, (trx) => moveCampaigns(trx, status, { id: line.campaign.id }))

describe('a campaign', () => {
  it('reaches everybody once, under the id that belongs to each, and ends as completed', async () => {
    const line = await newCampaign(250)
    const worker = await startWorker()
    await untilStatus(line, 'completed')
    const ids = await accepted(line)
    expect(ids.toSorted()).toEqual(Array.from({ length: 250 }, (_, i) => messageIdOf(line.campaign.tag, i + 1, 0)).toSorted())
    expect(await counts(line)).toMatchObject({ sent: 250, pending: 0, sending: 0, retrying: 0 })
    await expectBooksBalance(line)
    await untilTrue('nothing is held any more', async () => worker.activeQueues.size === 0 && worker.processingLocks.size === 0)
    expect(await rowOf(line)).toMatchObject({ processing_lock: null })
    const history = await new AuditLogger().getHistory(test.db, line.campaign.id)
    expect(history.map(({ action }) => action)).toEqual(['complete'])
  })

  it('fails the numbers that are not on WhatsApp, by reason, and logs each attempt', async () => {
    const line = await newCampaign(100, {}, { notOnWhatsapp: 0.3 })
    await startWorker()
    await untilStatus(line, 'completed')
    const { sent, failed } = await counts(line)
    expect(failed).toBeGreaterThan(10)
    expect(sent + failed).toBe(100)
    const logged = await test.db.selectFrom('campaign_error_logs').select('error_type').where('campaign_id', '=', line.campaign.id).execute()
    expect(logged).toHaveLength(failed)
    expect(new Set(logged.map((row) => row.error_type))).toEqual(new Set(['INVALID_NUMBER']))
  })

  it('sends a sequence step by step, each step once and with an id of its own', async () => {
    const messages = [{ type: 'text' as const, content: 'um' }, { type: 'text' as const, content: 'dois', delayBeforeMs: 50 }]
    const line = await newCampaign(20, { messages })
    await startWorker()
    await untilStatus(line, 'completed')
    const ids = await accepted(line)
    const expected = Array.from({ length: 20 }, (_, i) => [messageIdOf(line.campaign.tag, i + 1, 0), messageIdOf(line.campaign.tag, i + 1, 1)])
    expect(ids.toSorted()).toEqual(expected.flat().toSorted())
    expect(await counts(line)).toMatchObject({ sent: 20 })
    await expectBooksBalance(line)
  })

  it('repeats a message whose answer was lost with the same id and the same bytes', async () => {
    const line = await newCampaign(3)
    await sandbox.setScript(line.sandboxUser, { '5511910000002': [{ kind: 'resetAfterAccept' }] })
    await startWorker()
    await untilStatus(line, 'completed')
    const lines = (await sandbox.ledger(line.sandboxUser, 'accepted')).filter(({ number }) => number === '5511910000002')
    expect(lines.map(({ messageId }) => messageId)).toEqual(Array(2).fill(messageIdOf(line.campaign.tag, 2, 0)))
    expect(new Set(lines.map(({ bodySha256 }) => bodySha256)).size).toBe(1)
    expect(await counts(line)).toMatchObject({ sent: 3 })
  })

  it('keeps the pace of the channel, however many campaigns share it', async () => {
    const line = await newCampaign(4, { delayMs: 300 })
    await buildCampaign(test.db, line.campaign, { recipients: 4, delayMs: 300 })
    await startWorker()
    await untilTrue('six messages', async () => (await accepted(line)).length >= 6)
    const times = (await sandbox.ledger(line.sandboxUser, 'accepted')).map(({ t }) => Date.parse(t))
    const gaps = times.slice(1).map((t, i) => t - (times[i] ?? 0))
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(280)
  })
})

describe('pausing', () => {
  it('lets nothing new start once the lock is given up, and resuming sends exactly the rest', async () => {
    const line = await newCampaign(300, {}, { latencyMinMs: 10, latencyMaxMs: 20 })
    await startWorker()
    await untilTrue('some are sent', async () => (await counts(line)).sent > 40)
    await moveTo(line, 'paused')
    await untilTrue('the lock is given up', async () => (await rowOf(line)).processing_lock === null)
    await untilTrue('requests under way have answered', async () => (await counts(line)).sending === 0)
    const atPause = (await accepted(line)).length
    await sleep(400)
    expect((await accepted(line)).length).toBe(atPause)
    expect(await counts(line)).toMatchObject({ sent: atPause, pending: 300 - atPause })
    await moveTo(line, 'running')
    await untilStatus(line, 'completed')
    const ids = await accepted(line)
    expect(ids).toHaveLength(300)
    expect(new Set(ids).size).toBe(300)
    await expectBooksBalance(line)
  })

  it('a lost session pauses the campaign, fails nobody, and what is left goes out after it is back', async () => {
    const line = await newCampaign(200, {}, { latencyMinMs: 5, latencyMaxMs: 10 })
    await startWorker()
    await untilTrue('some are sent', async () => (await counts(line)).sent > 20)
    await sandbox.setState(line.sandboxUser, { state: 'absent' })
    await untilStatus(line, 'paused')
    expect(await rowOf(line)).toMatchObject({ pause_reason: 'disconnected' })
    await untilTrue('requests under way have answered', async () => (await counts(line)).sending === 0)
    const after = await counts(line)
    expect(after.failed + after.unknown).toBe(0)
    const errors = await test.db.selectFrom('campaign_error_logs').selectAll().where('campaign_id', '=', line.campaign.id).where('contact_id', 'is', null).execute()
    // NO_SESSION, or that the connection went while a message was under way: whichever answer came first.
    expect(errors).toMatchObject([{ error_type: 'DISCONNECTED' }])
    await sandbox.setState(line.sandboxUser, { state: 'ready' })
    await moveTo(line, 'running')
    await untilStatus(line, 'completed')
    expect(new Set(await accepted(line)).size).toBe(200)
    expect(await counts(line)).toMatchObject({ sent: 200 })
  })

  it('a token that is refused pauses as unauthorized', async () => {
    const line = await newCampaign(10)
    await test.db.updateTable('channels').set({ token_ciphertext: testBox.seal('somebody-else', `channels/${line.campaign.channelId}/token`) }).where('id', '=', line.campaign.channelId).execute()
    await startWorker()
    await untilStatus(line, 'paused')
    expect(await rowOf(line)).toMatchObject({ pause_reason: 'unauthorized' })
    await untilTrue('all are given back', async () => (await counts(line)).pending === 10)
  })

  it('cancelling ends it at once, and every open recipient is accounted for', async () => {
    const line = await newCampaign(300, {}, { latencyMinMs: 10, latencyMaxMs: 20 })
    await startWorker()
    await untilTrue('some are sent', async () => (await counts(line)).sent > 20)
    await moveTo(line, 'cancelled')
    await untilTrue('the lock is given up', async () => (await rowOf(line)).processing_lock === null)
    const keeper = new CampaignKeeper({ db: test.db, audit: new AuditLogger(), bell: new Bell() })
    await untilTrue('the rest is closed', async () => {
      await keeper.sweepCancelled()
      const { pending, retrying, sending } = await counts(line)
      return pending + retrying + sending === 0
    })
    const { sent, cancelled } = await counts(line)
    expect(sent + cancelled).toBe(300)
    expect((await accepted(line)).length).toBe(sent)
    await expectBooksBalance(line)
  })
})

describe('several workers', () => {
  it('of many that reach for one lane and one lock exactly one gets them', async () => {
    const line = await newCampaign(400, {}, { latencyMinMs: 5, latencyMaxMs: 10 })
    await Promise.all(Array.from({ length: 5 }, () => startWorker()))
    await untilStatus(line, 'completed')
    const ids = await accepted(line)
    expect(ids).toHaveLength(400)
    expect(new Set(ids).size).toBe(400)
    const channel = await test.db.selectFrom('channels').select('lane_epoch').where('id', '=', line.campaign.channelId).executeTakeFirstOrThrow()
    expect(channel.lane_epoch).toBe(1)
  })

  it('one that registered before the holder died takes over, and the campaign stays running', async () => {
    const line = await newCampaign(30, { delayMs: 100 })
    const dying = await startWorker()
    await untilTrue('the first holds it', async () => dying.activeQueues.size === 1)
    const heir = await startWorker()
    await untilTrue('the holder renewed after the heir came', async () => {
      const row = await rowOf(line)
      const { started_at } = await test.db.selectFrom('workers').select('started_at').where('id', '=', heir.workerId).executeTakeFirstOrThrow()
      return row.lock_renewed_at !== null && row.lock_renewed_at > started_at
    })
    // As a process that is frozen: it renews nothing and gives nothing back.
    await test.db.updateTable('channels').set({ lane_owner: dying.workerId, lane_epoch: 7, lane_expires_at: new Date() }).where('id', '=', line.campaign.channelId).execute()
    await test.db.updateTable('campaigns').set({ lock_expires_at: new Date() }).where('id', '=', line.campaign.id).execute()
    await untilTrue('the heir holds it', async () => heir.activeQueues.size === 1)
    await untilStatus(line, 'completed')
    const ids = await accepted(line)
    expect(new Set(ids).size).toBe(30)
    await expectBooksBalance(line)
  })

  it('a newcomer does not touch a campaign that was left before it came; it is paused for a person', async () => {
    const line = await newCampaign(10)
    await test.db.updateTable('campaigns').set({ lock_renewed_at: new Date(Date.now() - 60_000) }).where('id', '=', line.campaign.id).execute()
    await startWorker()
    await sleep(300)
    expect(await accepted(line)).toEqual([])
    const synchronizer = new StateSynchronizer({
      db: test.db, log: testLog, leaseMs: LEASE_MS, syncMs: 1000,
      keeper: new CampaignKeeper({ db: test.db, audit: new AuditLogger(), bell: new Bell() }),
    })
    expect(await synchronizer.autoCorrect()).toEqual([line.campaign.id])
    expect(await rowOf(line)).toMatchObject({ status: 'paused', pause_reason: 'restart' })
  })

  it('stopping gives everything back, so that a peer goes on at once', async () => {
    const line = await newCampaign(300, {}, { latencyMinMs: 10, latencyMaxMs: 20 })
    const first = await startWorker()
    const peer = newWorker()
    await untilTrue('some are sent', async () => (await counts(line)).sent > 20)
    await peer.start()
    await first.stop()
    await untilStatus(line, 'completed')
    expect(new Set(await accepted(line)).size).toBe(300)
    const { attempts } = await test.db.selectFrom('campaign_contacts').select((eb) => eb.fn.max('attempts').as('attempts')).where('campaign_id', '=', line.campaign.id).executeTakeFirstOrThrow()
    expect(attempts).toBe(1)
  })
})
