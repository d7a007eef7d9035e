import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { transaction } from '#server/db/transaction.ts'
import { cancelRecipients } from '#server/recipients/cancelRecipients.ts'
import { HeldRows } from '#server/recipients/lostClaims.ts'
import { buildCampaign, holdLane } from '#server/test/builders.ts'
import { withFaults, type Fault } from '#server/test/withFaults.ts'
import { findRunningCampaign } from './dispatchQueries.ts'
import { DispatchTestBench, LEASE_MS, untilTrue, type Line } from './dispatchTestBench.ts'
import { QueueManager } from './QueueManager.ts'
import { SuppressionWatch } from './SuppressionWatch.ts'

let bench: DispatchTestBench

beforeAll(async () => {
  bench = await DispatchTestBench.open()
})
afterEach(() => bench.clear())
afterAll(() => bench.close())

const isClaim = (text: string) => text.includes('claimed as (')
const isSuspectClaim = (text: string) => text.includes('suspect as materialized')
const isSearch = (text: string) => text.includes('c.id <> all(')
const isRelease = (text: string) => text.includes('set processing_lock = null')

/** The first `times` statements that match get `fault`. */
function first(times: number, matches: (text: string) => boolean, fault: Fault): (text: string) => Fault {
  let left = times
  return (text) => (matches(text) && left-- > 0 ? fault : 'none')
}

describe('an answer of the database that got lost', () => {
  it('to a claim leaves nobody behind: the claimed are found and sent', async () => {
    const line = await bench.newCampaign(250)
    await bench.startWorker({ db: withFaults(bench.db, first(2, isClaim, 'loseAnswer')) })
    await bench.untilStatus(line, 'completed')
    const ids = await bench.accepted(line)
    expect([ids.length, new Set(ids).size]).toEqual([250, 250])
    expect(await bench.hasDrifted(line)).toBe(false)
  })

  it('to the claim of a suspect leaves it a suspect', async () => {
    const line = await bench.newCampaign(3, { unknownPolicy: 'hold' })
    await bench.leaveUnderWay(line.campaign, 2)
    await bench.startWorker({ db: withFaults(bench.db, first(1, isSuspectClaim, 'loseAnswer')) })
    await bench.untilStatus(line, 'completed')
    expect(await bench.counts(line)).toMatchObject({ sent: 1, unknown: 2 })
    expect(await bench.accepted(line)).toHaveLength(1)
  })

  it('to a claim does not keep recipients from a pause or a cancel while the lane lives on', async () => {
    const line = await bench.newCampaign(50, { delayMs: 400 })
    await buildCampaign(bench.db, line.campaign, { recipients: 50, delayMs: 400 })
    let lost = 0
    let isBad = false
    const decide = (text: string): Fault => {
      if (!isBad) return 'none'
      if (isClaim(text)) lost++
      return isClaim(text) ? 'loseAnswer' : isSearch(text) ? 'refuse' : 'none'
    }
    await bench.startWorker({ db: withFaults(bench.db, decide), batchSize: 2 })
    await untilTrue('it runs', async () => (await bench.counts(line)).sent > 0)
    isBad = true
    await untilTrue('claims of both got lost', async () => lost > 1)
    await bench.moveTo(line, 'paused')
    isBad = false
    await untilTrue('all are given back', async () => (await bench.counts(line)).sending === 0)
    const { processing_lock } = await bench.rowOf(line)
    const { lane_epoch } = await bench.db
      .selectFrom('channels')
      .select('lane_epoch')
      .where('id', '=', line.campaign.channelId)
      .executeTakeFirstOrThrow()
    expect({ processing_lock, lane_epoch }).toEqual({ processing_lock: null, lane_epoch: 1 })
  })

  it('to the release of a lock does not leave the lock behind', async () => {
    const line = await bench.newCampaign(30, { delayMs: 200 })
    await buildCampaign(bench.db, line.campaign, { recipients: 50, delayMs: 200 })
    let refused = 0
    const worker = await bench.startWorker({
      db: withFaults(bench.db, (text) => (isRelease(text) && refused++ < 3 ? 'refuse' : 'none')),
    })
    await untilTrue('it runs', async () => (await bench.counts(line)).sent > 0)
    await bench.moveTo(line, 'paused')
    await untilTrue('the lock is given up', async () => (await bench.rowOf(line)).processing_lock === null, LEASE_MS)
    expect(worker.activeQueues.has(line.campaign.id)).toBe(false)
    expect(worker.processingLocks.has(line.campaign.id)).toBe(false)
    await bench.moveTo(line, 'running')
    await untilTrue('it runs again', async () => worker.activeQueues.has(line.campaign.id))
  })
})

describe('a bad line to the database', () => {
  it('that loses or refuses every tenth statement leaves the books balanced and everybody reached', async () => {
    const line = await bench.newCampaign(400, {
      messages: [
        { type: 'text', content: 'um' },
        { type: 'text', content: 'dois' },
      ],
    })
    const fates: Fault[] = ['refuse', 'loseAnswer', ...Array<Fault>(18).fill('none')]
    await bench.startWorker({
      db: withFaults(bench.db, () => fates[Math.floor(Math.random() * fates.length)] ?? 'none'),
    })
    await untilTrue('completed', async () => (await bench.rowOf(line)).status === 'completed', 60_000)
    expect(await bench.counts(line)).toMatchObject({ sent: 400 })
    expect(new Set(await bench.accepted(line)).size).toBe(800)
    expect(await bench.hasDrifted(line)).toBe(false)
  })

  it('that is cut again and again stops nothing for good', async () => {
    const line = await bench.newCampaign(1500, {}, { latencyMinMs: 2, latencyMaxMs: 5 })
    const worker = await bench.startWorker()
    const cut = setInterval(() => {
      void sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() order by random() limit 2
      `
        .execute(bench.db)
        .catch(() => undefined)
    }, 100)
    const isDone = async () => (await bench.rowOf(line).catch(() => null))?.status === 'completed'
    await untilTrue('completed', isDone, 60_000).finally(() => clearInterval(cut))
    expect(await bench.counts(line)).toMatchObject({ sent: 1500 })
    expect(new Set(await bench.accepted(line)).size).toBe(1500)
    expect(await bench.hasDrifted(line)).toBe(false)
    await untilTrue(
      'nothing is held any more',
      async () => worker.activeQueues.size === 0 && worker.processingLocks.size === 0,
    )
  })
})

describe('stopping', () => {
  it('while a lane is being taken starts no request', async () => {
    const line = await bench.newCampaign(200, {}, { latencyMinMs: 10, latencyMaxMs: 20 })
    let taking = false
    const slow = withFaults(bench.db, (text) => {
      taking ||= text.includes('set lane_owner =') && text.includes('lane_epoch + 1')
      return 'none'
    })
    const worker = bench.newWorker({ db: slow, drainMs: 1500 })
    await worker.start()
    while (!taking) await new Promise(setImmediate)
    const at = Date.now()
    await worker.stop()
    expect(Date.now() - at).toBeLessThan(1000)
    expect((await bench.counts(line)).sent).toBeLessThan(50)
  })
})

describe('a suspect', () => {
  it('that is given back stays one that may have been sent', async () => {
    const line = await bench.newCampaign(3)
    await bench.leaveUnderWay(line.campaign)
    await bench.sandbox.setState(line.sandboxUser, { state: 'absent' })
    await bench.startWorker()
    await bench.untilStatus(line, 'paused')
    await untilTrue('the lock is given up', async () => (await bench.rowOf(line)).processing_lock === null)
    await bench.moveTo(line, 'cancelled')
    const { userId, id } = line.campaign
    await untilTrue('all are closed', async () => {
      await transaction(bench.db, (trx) => cancelRecipients(trx, userId, id, 100))
      return (await bench.counts(line)).cancelled + (await bench.counts(line)).unknown === 3
    })
    expect(await bench.counts(line)).toMatchObject({ unknown: 3, cancelled: 0 })
  })
})

describe('a suspect whose worker died while its request was under way', () => {
  const noteOf = async ({ campaign }: Line) => {
    const { started_epoch: startedEpoch, resends } = await bench.db
      .selectFrom('campaign_contacts')
      .select(['started_epoch', 'resends'])
      .where('campaign_id', '=', campaign.id)
      .executeTakeFirstOrThrow()
    return { startedEpoch, resends }
  }

  it('is not taken for one that nobody can make a message for', async () => {
    const line = await bench.newCampaign(1, {}, { latencyMinMs: 300, latencyMaxMs: 300 })
    await bench.leaveUnderWay(line.campaign)
    await bench.startWorker()
    await untilTrue('its request is under way', async () => (await noteOf(line)).resends === 1)
    expect((await noteOf(line)).startedEpoch).toBe(null)
  })

  it('is unknown after the third repeat, whatever became of the requests', async () => {
    const line = await bench.newCampaign(2)
    await bench.leaveUnderWay(line.campaign, 1)
    await bench.db.updateTable('campaign_contacts').set({ resends: 3 }).where('status', '=', 'sending').execute()
    await bench.startWorker()
    await bench.untilStatus(line, 'completed')
    expect(await bench.counts(line)).toMatchObject({ sent: 1, unknown: 1, failed: 0 })
    expect(await bench.accepted(line)).toHaveLength(1)
  })
})

describe('a claim of suspects', () => {
  it('that was refused because the lease had run out does not mean that there are none', async () => {
    const { campaign } = await bench.newCampaign(2)
    await bench.leaveUnderWay(campaign)
    const lane = await holdLane(bench.db, campaign)
    const leaseUntil = (at: Date) =>
      bench.db.updateTable('channels').set({ lane_expires_at: at }).where('id', '=', campaign.channelId).execute()
    const running = await findRunningCampaign(bench.db, campaign.id)
    if (running === undefined) throw new Error('The campaign does not run.')
    const pace = { delayMinMs: 0, delayMaxMs: 0, window: null, timeZone: 'UTC', isSlow: false }
    const queue = new QueueManager({
      loadMedium: async () => null,
      db: bench.db,
      lane,
      campaign: running,
      pace,
      held: new HeldRows(),
      settle: () => undefined,
      maxBatch: 100,
      suppressions: new SuppressionWatch(bench.db, campaign.userId),
      gateway: { isIdempotent: true, limits: { deadlineMs: 1000, maxInFlight: 8 } },
    })
    await leaseUntil(new Date(0))
    for (let i = 0; i < 4; i++) await queue.processContactsBatch(10, 0)
    expect([queue.readyCount, queue.isDrained]).toEqual([0, true])
    await leaseUntil(new Date(Date.now() + 60_000))
    queue.mistrustIn(0)
    for (let i = 0; i < 4; i++) await queue.processContactsBatch(10, 0)
    expect(queue.readyCount).toBe(1)
  })
})

describe('a stalled process', () => {
  it('does not pause what it holds itself when it comes back', async () => {
    const line = await bench.newCampaign(100, { delayMs: 300 })
    const worker = await bench.startWorker()
    await untilTrue('it runs', async () => (await bench.counts(line)).sent > 0)
    const long = new Date(Date.now() - 20_000)
    await bench.db
      .updateTable('workers')
      .set({ heartbeat_at: long, started_at: long } as never)
      .where('id', '=', worker.workerId)
      .execute()
    await bench.db
      .updateTable('campaigns')
      .set({ lock_expires_at: new Date(Date.now() - 10_000), lock_renewed_at: new Date(Date.now() - 15_000) })
      .where('id', '=', line.campaign.id)
      .execute()
    expect(await bench.newSynchronizer({ workerId: worker.workerId }).autoCorrect()).toEqual([])
    expect((await bench.rowOf(line)).status).toBe('running')
  })

  it('takes its own lane again at once', async () => {
    const line = await bench.newCampaign(10)
    const worker = bench.newWorker()
    await bench.db
      .updateTable('channels')
      .set({ lane_owner: worker.workerId, lane_epoch: 4, lane_expires_at: new Date(Date.now() + 60_000) })
      .where('id', '=', line.campaign.channelId)
      .execute()
    await bench.db
      .updateTable('campaigns')
      .set({ processing_lock: worker.workerId, lock_expires_at: new Date(Date.now() + 60_000) })
      .where('id', '=', line.campaign.id)
      .execute()
    await worker.start()
    await bench.untilStatus(line, 'completed')
  })
})

describe('a cold start', () => {
  it('with resuming asked for goes on by itself', async () => {
    const line = await bench.newCampaign(20)
    await bench.db
      .updateTable('campaigns')
      .set({ lock_renewed_at: new Date(Date.now() - 60_000) })
      .where('id', '=', line.campaign.id)
      .execute()
    const worker = bench.newWorker()
    const synchronizer = bench.newSynchronizer({ workerId: worker.workerId, resumes: true })
    await synchronizer.restoreRunningCampaigns()
    await worker.start()
    synchronizer.startSync()
    try {
      await bench.untilStatus(line, 'completed')
    } finally {
      await synchronizer.stopSync()
    }
  })
})

describe('changing a channel', () => {
  it('while messages are under way cuts none of them off', async () => {
    const line = await bench.newCampaign(60, { unknownPolicy: 'hold' }, { latencyMinMs: 150, latencyMaxMs: 300 })
    await bench.startWorker()
    await untilTrue('it runs', async () => (await bench.counts(line)).sent > 10)
    await bench.db
      .updateTable('channels')
      .set({ settings: JSON.stringify({ sandbox: { maxInFlight: 4 } }) })
      .where('id', '=', line.campaign.channelId)
      .execute()
    await bench.untilStatus(line, 'completed')
    expect(await bench.counts(line)).toMatchObject({ sent: 60, unknown: 0 })
  })
})

describe('a database that takes no writes', () => {
  it('is not asked again and again without a breath', async () => {
    const line = await bench.newCampaign(200, {}, { latencyMinMs: 5, latencyMaxMs: 10 })
    let refused = 0
    await bench.startWorker({ db: withFaults(bench.db, (text) => (isClaim(text) ? (refused++, 'refuse') : 'none')) })
    await untilTrue('first refusal', async () => refused > 0)
    refused = 0
    await sleep(1000)
    expect(refused).toBeLessThan(25)
    expect((await bench.counts(line)).pending).toBe(200)
  })
})

describe('a template that computes for longer than the lease', () => {
  it('sends nothing under it: the recipient goes back and is rendered again', async () => {
    const line = await bench.newCampaign(5)
    const rendered: number[] = []
    const render = Reflect.get(QueueManager.prototype, 'render') as QueueManager['render']
    const spy = vi.spyOn(QueueManager.prototype, 'render').mockImplementation(function (this: QueueManager, recipient) {
      rendered.push(recipient.id)
      const until = performance.now() + (rendered.length === 2 ? LEASE_MS : 0)
      while (performance.now() < until);
      return Reflect.apply(render, this, [recipient])
    })
    try {
      await bench.startWorker()
      await bench.untilStatus(line, 'completed')
    } finally {
      spy.mockRestore()
    }
    expect(rendered.filter((id) => id === rendered[1])).toHaveLength(2)
    const ids = await bench.accepted(line)
    expect([ids.length, new Set(ids).size]).toEqual([5, 5])
  })
})
