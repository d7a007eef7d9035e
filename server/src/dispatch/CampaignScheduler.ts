import { randomUUID } from 'node:crypto'
import {
  acquireCampaignLock,
  acquireSingleLocks,
  releaseCampaignLock,
  releaseSingleLocks,
  renewCampaignLocks,
  type TakenSingle,
} from '#server/campaigns/campaignLocks.ts'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import type { CampaignKeeper } from '#server/campaigns/CampaignKeeper.ts'
import { CampaignRepairer } from '#server/campaigns/CampaignRepairer.ts'
import { acquireLane, releaseLane, renewLane } from '#server/channels/channelLane.ts'
import type { GatewayRegistry } from '#server/channels/GatewayRegistry.ts'
import type { Db } from '#server/db/Database.ts'
import type { LaneHold } from '#server/recipients/claimRecipients.ts'
import type { Bell } from '#server/lib/Bell.ts'
import { failpoints } from '#server/lib/failpoints.ts'
import type { Log } from '#server/lib/logger.ts'
import { Poller } from '#server/lib/Poller.ts'
import { MediaCache, mediaLoader, type LoadMedium } from '#server/media/MediaCache.ts'
import { listTakeableChannels } from './dispatchQueries.ts'
import { LaneRunner } from './LaneRunner.ts'
import type { QueueManager } from './QueueManager.ts'
import { beat, registerWorker, unregisterWorker } from './workerRegistry.ts'

/** A worker believes in its lease for this part of it, so that it has stopped before anybody else may start. */
const TRUSTED_PART = 5 / 6
const RENEWALS_PER_LEASE = 3
/** After the drain time the requests under way are cut off; this long their outcomes may take to be written. */
const ABANDON_AFTER_MS = 500

export type CampaignSchedulerDeps = {
  db: Db
  /** A connection of its own: a pool that is busy must not cost us the lease. */
  leaseDb: Db
  gateways: GatewayRegistry
  keeper: CampaignKeeper
  bell: Bell
  log: Log
  leaseMs: number
  pollMs: number
  drainMs: number
  batchSize: number
}

type Running = { runner: LaneRunner; done: Promise<void> }

/**
 * Finds channels with campaigns to send, takes their lanes and then the campaigns' locks, renews both, and gives them
 * back. `processingLocks` and `activeQueues` mirror what this process holds; the database alone decides what is true.
 */
export class CampaignScheduler {
  readonly workerId = randomUUID()
  /** Campaign id → epoch of the lock held by this process. */
  readonly processingLocks = new Map<string, number>()
  readonly activeQueues = new Map<string, QueueManager>()
  readonly #deps: CampaignSchedulerDeps
  readonly #running = new Map<string, Running>()
  readonly #repairer: CampaignRepairer
  /** Shared by all lanes: memory holds a file once. */
  readonly #loadMedium: LoadMedium
  readonly #checks = new Set<Promise<void>>()
  readonly #finder: Poller
  readonly #renewer: Poller
  #stopListening: (() => void) | null = null
  #stopping = false
  #stopped: Promise<void> | null = null

  constructor(deps: CampaignSchedulerDeps) {
    this.#deps = deps
    const media = new MediaCache(mediaLoader(deps.db))
    this.#loadMedium = (userId, id) => media.get(userId, id)
    this.#repairer = new CampaignRepairer({ db: deps.db, audit: new AuditLogger() })
    this.#finder = new Poller({ work: () => this.#takeLanes(), intervalMs: deps.pollMs, log: deps.log })
    this.#renewer = new Poller({
      work: () => this.#renew(),
      intervalMs: deps.leaseMs / RENEWALS_PER_LEASE,
      retryMs: deps.pollMs,
      log: deps.log,
    })
  }

  /** Registers this worker; from now on it may take over what others leave behind. */
  async start(): Promise<void> {
    await registerWorker(this.#deps.leaseDb, this.workerId)
    this.#stopListening = this.#deps.bell.onRing(() => this.#onChange())
    this.#renewer.start()
    this.#finder.start()
  }

  /**
   * No request starts from now on. Those under way may answer for `drainMs`, then they are cut off and their recipients
   * count as maybe-sent. Resolves when everything is written and every lease is given back.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopOnce()
    return this.#stopped
  }

  /** Takes the campaign's lock for a lane that we hold; the new epoch, or null. */
  async acquireLock(campaignId: string, laneEpoch: number): Promise<number | null> {
    const { leaseDb, leaseMs } = this.#deps
    const epoch = await acquireCampaignLock(leaseDb, { campaignId, workerId: this.workerId, laneEpoch, leaseMs })
    if (epoch !== null) this.processingLocks.set(campaignId, epoch)
    return epoch
  }

  /** What somebody else has worked on before is counted anew, beside the sending: a takeover may follow a crash. */
  async #acquireChecked(userId: string, campaignId: string, laneEpoch: number): Promise<number | null> {
    const epoch = await this.acquireLock(campaignId, laneEpoch)
    if (epoch !== null && epoch > 1) this.#checkBooks({ userId, id: campaignId })
    return epoch
  }

  #checkBooks(campaign: { userId: string; id: string }): void {
    const check = this.#repairer
      .correctCounters(campaign)
      .then((corrected) => {
        if (corrected) this.#deps.log.error({ campaignId: campaign.id }, 'counters differed from the rows; corrected')
      })
      .catch((error: unknown) => this.#deps.log.warn({ err: error, campaignId: campaign.id }, 'books not checked'))
      .finally(() => this.#checks.delete(check))
    this.#checks.add(check)
  }

  /** Gives our lock back; somebody else's is not touched. */
  async releaseLock(campaignId: string): Promise<void> {
    await releaseCampaignLock(this.#deps.leaseDb, campaignId, this.workerId)
    this.processingLocks.delete(campaignId)
  }

  /** The same for the next single messages of a lane that we hold. */
  async #acquireSingles(lane: LaneHold, limit: number, known: string[]): Promise<TakenSingle[]> {
    const { leaseDb, leaseMs } = this.#deps
    const { channelId, epoch: laneEpoch } = lane
    const request = { channelId, workerId: this.workerId, laneEpoch, leaseMs, limit, known }
    const taken = await acquireSingleLocks(leaseDb, request)
    for (const { id, epoch } of taken) this.processingLocks.set(id, epoch)
    return taken
  }

  /** Forgets what memory holds of a campaign that this process does not send any more. */
  cleanupQueue(campaignId: string): void {
    this.activeQueues.delete(campaignId)
    this.processingLocks.delete(campaignId)
  }

  async #stopOnce(): Promise<void> {
    const { drainMs, log } = this.#deps
    this.#stopListening?.()
    this.#stopping = true
    for (const { runner } of this.#running.values()) runner.stop()
    await this.#finder.stop()
    const runners = [...this.#running.values()]
    const ended = Promise.all(runners.map(({ done }) => done))
    const abort = setTimeout(
      () => runners.forEach(({ runner }) => runner.abort()),
      Math.max(0, drainMs - ABANDON_AFTER_MS),
    )
    const abandon = setTimeout(() => runners.forEach(({ runner }) => runner.abandon()), drainMs)
    await ended
    clearTimeout(abort)
    clearTimeout(abandon)
    await Promise.all(this.#checks)
    await this.#renewer.stop()
    await unregisterWorker(this.#deps.leaseDb, this.workerId).catch((error: unknown) =>
      log.warn({ err: error }, 'worker not unregistered'),
    )
  }

  #onChange(): void {
    this.#finder.nudge()
    for (const { runner } of this.#running.values()) runner.invalidate()
  }

  async #takeLanes(): Promise<void> {
    for (const channel of await listTakeableChannels(this.#deps.db, this.workerId)) {
      if (!this.#stopping && !this.#running.has(channel.id)) await this.#takeLane(channel)
    }
  }

  async #takeLane(channel: { userId: string; id: string }): Promise<void> {
    const { leaseDb, leaseMs, log } = this.#deps
    const askedAt = performance.now()
    const lane = await acquireLane(leaseDb, channel.id, this.workerId, leaseMs)
    if (lane === null) return
    const hold = { userId: channel.userId, channelId: channel.id, owner: this.workerId, epoch: lane.epoch }
    log.info({ channelId: channel.id, epoch: lane.epoch }, 'lane taken')
    const runner = new LaneRunner(hold, lane, askedAt + leaseMs * TRUSTED_PART, {
      ...this.#deps,
      loadMedium: this.#loadMedium,
      acquireLock: (campaignId, laneEpoch) => this.#acquireChecked(channel.userId, campaignId, laneEpoch),
      releaseLock: (campaignId) => this.releaseLock(campaignId),
      takeSingles: (limit, known) => this.#acquireSingles(hold, limit, known),
      releaseSingles: (singles) => releaseSingleLocks(leaseDb, this.workerId, singles),
      onQueueOpened: (queue) => void this.activeQueues.set(queue.campaign.id, queue),
      onQueueClosed: (campaignId) => this.cleanupQueue(campaignId),
    })
    // The lane was asked for before the stop and came after it: it is given straight back.
    if (this.#stopping) runner.stop()
    this.#running.set(channel.id, { runner, done: this.#runLane(runner) })
  }

  async #runLane(runner: LaneRunner): Promise<void> {
    const { channelId, epoch } = runner.hold
    try {
      await runner.run()
      await releaseLane(this.#deps.leaseDb, channelId, this.workerId, epoch)
      this.#deps.log.info({ channelId, epoch }, 'lane released')
    } catch (error) {
      this.#deps.log.error({ err: error, channelId, epoch }, 'lane ended with an error; its lease will run out')
    } finally {
      this.#running.delete(channelId)
      this.#finder.nudge()
    }
  }

  async #renew(): Promise<void> {
    await beat(this.#deps.leaseDb, this.workerId)
    for (const { runner } of [...this.#running.values()]) await this.#renewOne(runner)
  }

  async #renewOne(runner: LaneRunner): Promise<void> {
    const { leaseDb, leaseMs } = this.#deps
    const { channelId, epoch } = runner.hold
    // Counted from before the request: the database's clock starts at some moment after this one.
    const askedAt = performance.now()
    if (failpoints !== null) await failpoints.pass('before_renew')
    if (!(await renewLane(leaseDb, channelId, this.workerId, epoch, leaseMs))) return runner.lose()
    // Before the trust: a pause is answered as soon as no campaign lock is alive, and then nothing may start.
    await renewCampaignLocks(leaseDb, channelId, this.workerId, epoch, leaseMs)
    if (failpoints !== null) await failpoints.pass('after_renew')
    runner.trustUntil(askedAt + leaseMs * TRUSTED_PART)
  }
}
