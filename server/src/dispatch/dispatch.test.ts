import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import { messageIdOf } from '#server/recipients/messageId.ts'
import { buildCampaign, testBox } from '#server/test/builders.ts'
import { withFaults } from '#server/test/withFaults.ts'
import { DispatchTestBench, untilTrue, type Line } from './dispatchTestBench.ts'

let bench: DispatchTestBench

beforeAll(async () => {
  bench = await DispatchTestBench.open()
})
afterEach(() => bench.clear())
afterAll(() => bench.close())

const counts = (line: Line) => bench.counts(line)
const accepted = (line: Line) => bench.accepted(line)
const rowOf = (line: Line) => bench.rowOf(line)
const untilStatus = (line: Line, status: string) => bench.untilStatus(line, status)

async function expectBooksBalance(line: Line): Promise<void> {
  expect(await bench.hasDrifted(line)).toBe(false)
}

describe('a campaign', () => {
  it('reaches everybody once, under the id that belongs to each, and ends as completed', async () => {
    const line = await bench.newCampaign(250)
    const worker = await bench.startWorker()
    await untilStatus(line, 'completed')
    const ids = await accepted(line)
    expect(ids.toSorted()).toEqual(
      Array.from({ length: 250 }, (_, i) => messageIdOf(line.campaign.tag, i + 1, 0)).toSorted(),
    )
    expect(await counts(line)).toMatchObject({ sent: 250, pending: 0, sending: 0, retrying: 0 })
    await expectBooksBalance(line)
    await untilTrue(
      'nothing is held any more',
      async () => worker.activeQueues.size === 0 && worker.processingLocks.size === 0,
    )
    expect(await rowOf(line)).toMatchObject({ processing_lock: null })
    const history = await new AuditLogger().getHistory(bench.db, line.campaign.id)
    expect(history.map(({ action }) => action)).toEqual(['complete'])
  })

  it('fails the numbers that are not on WhatsApp, by reason, and logs each attempt', async () => {
    const line = await bench.newCampaign(100, {}, { notOnWhatsapp: 0.3 })
    await bench.startWorker()
    await untilStatus(line, 'completed')
    const { sent, failed } = await counts(line)
    expect(failed).toBeGreaterThan(10)
    expect(sent + failed).toBe(100)
    const logged = await bench.db
      .selectFrom('campaign_error_logs')
      .select('error_type')
      .where('campaign_id', '=', line.campaign.id)
      .execute()
    expect(logged).toHaveLength(failed)
    expect(new Set(logged.map((row) => row.error_type))).toEqual(new Set(['INVALID_NUMBER']))
  })

  it('sends a sequence step by step, each step once and with an id of its own', async () => {
    const messages = [
      { type: 'text' as const, content: 'um' },
      { type: 'text' as const, content: 'dois', delayBeforeMs: 50 },
    ]
    const line = await bench.newCampaign(20, { messages })
    await bench.startWorker()
    await untilStatus(line, 'completed')
    const ids = await accepted(line)
    const expected = Array.from({ length: 20 }, (_, i) => [
      messageIdOf(line.campaign.tag, i + 1, 0),
      messageIdOf(line.campaign.tag, i + 1, 1),
    ])
    expect(ids.toSorted()).toEqual(expected.flat().toSorted())
    expect(await counts(line)).toMatchObject({ sent: 20 })
    await expectBooksBalance(line)
  })

  it('repeats a message whose answer was lost with the same id and the same bytes', async () => {
    const line = await bench.newCampaign(3)
    await bench.sandbox.setScript(line.sandboxUser, { '5511910000002': [{ kind: 'resetAfterAccept' }] })
    await bench.startWorker()
    await untilStatus(line, 'completed')
    const lines = (await bench.sandbox.ledger(line.sandboxUser, 'accepted')).filter(
      ({ number }) => number === '5511910000002',
    )
    expect(lines.map(({ messageId }) => messageId)).toEqual(Array(2).fill(messageIdOf(line.campaign.tag, 2, 0)))
    expect(new Set(lines.map(({ bodySha256 }) => bodySha256)).size).toBe(1)
    expect(await counts(line)).toMatchObject({ sent: 3 })
  })

  it('keeps the pace of the channel, however many campaigns share it', async () => {
    const line = await bench.newCampaign(4, { delayMs: 300 })
    await buildCampaign(bench.db, line.campaign, { recipients: 4, delayMs: 300 })
    const { gateways, starts } = bench.watchedGateways()
    await bench.startWorker({ gateways })
    await untilTrue('six messages', async () => (await accepted(line)).length >= 6)
    const gaps = starts.slice(1).map((t, i) => t - (starts[i] ?? 0))
    expect(gaps.length).toBeGreaterThanOrEqual(5)
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(290)
  })
})

describe('pausing', () => {
  it('lets nothing new start once the lock is given up, and resuming sends exactly the rest', async () => {
    const line = await bench.newCampaign(300, {}, { latencyMinMs: 10, latencyMaxMs: 20 })
    await bench.startWorker()
    await untilTrue('some are sent', async () => (await counts(line)).sent > 40)
    await bench.moveTo(line, 'paused')
    await untilTrue('the lock is given up', async () => (await rowOf(line)).processing_lock === null)
    await untilTrue('requests under way have answered', async () => (await counts(line)).sending === 0)
    const atPause = (await accepted(line)).length
    await sleep(400)
    expect((await accepted(line)).length).toBe(atPause)
    expect(await counts(line)).toMatchObject({ sent: atPause, pending: 300 - atPause })
    await bench.moveTo(line, 'running')
    await untilStatus(line, 'completed')
    const ids = await accepted(line)
    expect(ids).toHaveLength(300)
    expect(new Set(ids).size).toBe(300)
    await expectBooksBalance(line)
  })

  it('a lost session pauses the campaign, fails nobody, and what is left goes out after it is back', async () => {
    const line = await bench.newCampaign(200, {}, { latencyMinMs: 5, latencyMaxMs: 10 })
    await bench.startWorker()
    await untilTrue('some are sent', async () => (await counts(line)).sent > 20)
    await bench.sandbox.setState(line.sandboxUser, { state: 'absent' })
    await untilStatus(line, 'paused')
    expect(await rowOf(line)).toMatchObject({ pause_reason: 'disconnected' })
    await untilTrue('requests under way have answered', async () => (await counts(line)).sending === 0)
    const after = await counts(line)
    expect(after.failed + after.unknown).toBe(0)
    const errors = await bench.db
      .selectFrom('campaign_error_logs')
      .selectAll()
      .where('campaign_id', '=', line.campaign.id)
      .where('contact_id', 'is', null)
      .execute()
    // NO_SESSION, or that the connection went while a message was under way: whichever answer came first.
    expect(errors).toMatchObject([{ error_type: 'DISCONNECTED' }])
    await bench.sandbox.setState(line.sandboxUser, { state: 'ready' })
    await bench.moveTo(line, 'running')
    await untilStatus(line, 'completed')
    expect(new Set(await accepted(line)).size).toBe(200)
    expect(await counts(line)).toMatchObject({ sent: 200 })
  })

  it('a token that is refused pauses as unauthorized', async () => {
    const line = await bench.newCampaign(10)
    await bench.db
      .updateTable('channels')
      .set({ token_ciphertext: testBox.seal('somebody-else', `channels/${line.campaign.channelId}/token`) })
      .where('id', '=', line.campaign.channelId)
      .execute()
    await bench.startWorker()
    await untilStatus(line, 'paused')
    expect(await rowOf(line)).toMatchObject({ pause_reason: 'unauthorized' })
    await untilTrue('all are given back', async () => (await counts(line)).pending === 10)
  })

  it('cancelling ends it at once, and every open recipient is accounted for', async () => {
    const line = await bench.newCampaign(300, {}, { latencyMinMs: 10, latencyMaxMs: 20 })
    await bench.startWorker()
    await untilTrue('some are sent', async () => (await counts(line)).sent > 20)
    await bench.moveTo(line, 'cancelled')
    await untilTrue('the lock is given up', async () => (await rowOf(line)).processing_lock === null)
    const keeper = bench.newKeeper()
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
    const line = await bench.newCampaign(400, {}, { latencyMinMs: 5, latencyMaxMs: 10 })
    await Promise.all(Array.from({ length: 5 }, () => bench.startWorker()))
    await untilStatus(line, 'completed')
    const ids = await accepted(line)
    expect(ids).toHaveLength(400)
    expect(new Set(ids).size).toBe(400)
    const channel = await bench.db
      .selectFrom('channels')
      .select('lane_epoch')
      .where('id', '=', line.campaign.channelId)
      .executeTakeFirstOrThrow()
    expect(channel.lane_epoch).toBe(1)
  })

  it('one that registered before the holder died takes over, and the campaign stays running', async () => {
    const line = await bench.newCampaign(30, { delayMs: 100 })
    let isFrozen = false
    const dying = await bench.startWorker({ db: withFaults(bench.db, () => (isFrozen ? 'refuse' : 'none')) })
    await untilTrue('the first holds it', async () => dying.activeQueues.size === 1)
    const heir = await bench.startWorker()
    await untilTrue('the holder renewed after the heir came', async () => {
      const row = await rowOf(line)
      const { started_at } = await bench.db
        .selectFrom('workers')
        .select('started_at')
        .where('id', '=', heir.workerId)
        .executeTakeFirstOrThrow()
      return row.lock_renewed_at !== null && row.lock_renewed_at > started_at
    })
    // As a process that hangs: it renews nothing, writes nothing and gives nothing back.
    isFrozen = true
    await untilTrue('the heir holds it', async () => heir.activeQueues.size === 1)
    await untilStatus(line, 'completed')
    const ids = await accepted(line)
    expect(new Set(ids).size).toBe(30)
    await expectBooksBalance(line)
  })

  it('a newcomer does not touch a campaign that was left before it came; it is paused for a person', async () => {
    const line = await bench.newCampaign(10)
    await bench.db
      .updateTable('campaigns')
      .set({ lock_renewed_at: new Date(Date.now() - 60_000) })
      .where('id', '=', line.campaign.id)
      .execute()
    await bench.startWorker()
    await sleep(300)
    expect(await accepted(line)).toEqual([])
    expect(await bench.newSynchronizer().autoCorrect()).toEqual([line.campaign.id])
    expect(await rowOf(line)).toMatchObject({ status: 'paused', pause_reason: 'restart' })
  })

  it('stopping gives everything back, so that a peer goes on at once', async () => {
    const line = await bench.newCampaign(300, {}, { latencyMinMs: 10, latencyMaxMs: 20 })
    const first = await bench.startWorker()
    const peer = bench.newWorker()
    await untilTrue('some are sent', async () => (await counts(line)).sent > 20)
    await peer.start()
    await first.stop()
    await untilStatus(line, 'completed')
    expect(new Set(await accepted(line)).size).toBe(300)
    const { attempts } = await bench.db
      .selectFrom('campaign_contacts')
      .select((eb) => eb.fn.max('attempts').as('attempts'))
      .where('campaign_id', '=', line.campaign.id)
      .executeTakeFirstOrThrow()
    expect(attempts).toBe(1)
  })
})
