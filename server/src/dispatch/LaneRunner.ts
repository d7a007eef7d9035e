import { reserveOfCap, returnToCap } from '#server/channels/channelCap.ts'
import { findChannelById } from '#server/channels/channelQueries.ts'
import type { Lane } from '#server/channels/channelLane.ts'
import type { GatewayRegistry } from '#server/channels/GatewayRegistry.ts'
import type { Gateway, SendFailure, SendOutcome } from '#server/channels/gateways/Gateway.ts'
import type { TakenSingle } from '#server/campaigns/campaignLocks.ts'
import type { CampaignKeeper } from '#server/campaigns/CampaignKeeper.ts'
import type { PauseReason } from '#contract/states.ts'
import type { Db } from '#server/db/Database.ts'
import { takesNoWrites } from '#server/db/takesNoWrites.ts'
import { failpoints } from '#server/lib/failpoints.ts'
import type { Log } from '#server/lib/logger.ts'
import type { ClaimedRecipient, LaneHold } from '#server/recipients/claimRecipients.ts'
import { HeldRows } from '#server/recipients/lostClaims.ts'
import { settleRecipients, type Settlement } from '#server/recipients/settleRecipients.ts'
import { categorizeError, OUTLIVED, STORAGE } from './categorizeError.ts'
import { ControlAge } from './ControlAge.ts'
import { DailyCap } from './DailyCap.ts'
import { decideSettlement } from './decideSettlement.ts'
import { listRunningOfChannel } from './dispatchQueries.ts'
import { LaneCampaigns } from './LaneCampaigns.ts'
import { LaneQueues, type LaneQueuesDeps } from './LaneQueues.ts'
import type { QueueManager } from './QueueManager.ts'
import { SettleQueue } from './SettleQueue.ts'
import { StartGate } from './StartGate.ts'
import { WakeableSleep } from './WakeableSleep.ts'

/** Shorter pauses are over before anybody else could take the lane. */
const REMEMBERED_FROM_MS = 500
/** Outcomes that may wait for the database before sending stops. */
const MAX_UNSETTLED = 1000
/** No more single messages are held than the pace lets start within this time. */
const SINGLES_HORIZON_MS = 10_000

export type LaneRunnerDeps = Pick<LaneQueuesDeps, 'batchSize' | 'loadMedium'> & {
  db: Db
  gateways: GatewayRegistry
  keeper: CampaignKeeper
  log: Log
  pollMs: number
  /** Takes the lock of a campaign for this lane; null when it is not to be had. */
  acquireLock: (campaignId: string, laneEpoch: number) => Promise<number | null>
  releaseLock: (campaignId: string) => Promise<void>
  takeSingles: (limit: number, known: string[]) => Promise<TakenSingle[]>
  releaseSingles: (singles: { id: string; dueInMs: number | null }[]) => Promise<void>
  onQueueOpened: (queue: QueueManager) => void
  onQueueClosed: (campaignId: string) => void
}

/**
 * Sends on one channel while this worker holds its lane: its campaigns in turn, at the channel's pace, never more
 * requests under way than the gateway bears. What it knows is only a copy; authority is the lane row.
 *
 * A recipient's way through this file: claim (`#claimAhead`) → gate (`#mayStart`) → send (`#start`) → settle (`#finish`).
 *
 * Lifecycle: run() loops until nothing is left to send, the lane is lost, or stop() is called; it resolves when all
 * outcomes are written (or given up) and the campaigns' locks are released.
 */
export class LaneRunner {
  readonly hold: LaneHold
  readonly #deps: LaneRunnerDeps
  readonly #log: Log
  readonly #campaigns: LaneCampaigns
  readonly #held = new HeldRows()
  readonly #settles: SettleQueue
  readonly #cap: DailyCap
  readonly #startGate: StartGate
  readonly #control = new ControlAge()
  readonly #rest = new WakeableSleep()
  readonly #abort = new AbortController()
  #gateway: Gateway | null = null
  #inFlight = 0
  #stopping = false
  #lost = false
  #pausing: Promise<void> | null = null

  constructor(hold: LaneHold, lane: Lane, trustedUntil: number, deps: LaneRunnerDeps) {
    this.hold = hold
    this.#deps = deps
    this.#log = deps.log.child({ channelId: hold.channelId, epoch: hold.epoch })
    this.#cap = new DailyCap({
      reserve: (count) => reserveOfCap(deps.db, hold, count),
      giveBack: (day, count) => returnToCap(deps.db, hold, day, count),
      log: this.#log,
    })
    this.#startGate = new StartGate(lane, trustedUntil, this.#cap)
    this.#settles = new SettleQueue({
      settle: (rows, pace) => settleRecipients(deps.db, hold, rows, pace),
      onLost: () => this.lose(),
      onSettled: (rows) => this.#onSettled(rows),
      onRefused: (error) => this.#onRefused(error),
      log: this.#log,
    })
    const held = this.#held
    this.#campaigns = new LaneCampaigns({
      ...deps,
      held,
      log: this.#log,
      acquireLock: (id) => deps.acquireLock(id, hold.epoch),
      queues: new LaneQueues({ ...deps, hold, held, settle: (settlement) => this.#settles.push(settlement) }),
    })
  }

  /** The lease was renewed: sends may start until `until` (monotonic ms). */
  trustUntil(until: number): void {
    this.#startGate.trustUntil(until)
    this.nudge()
  }

  /** The lane belongs to somebody else: no request starts any more, nothing is written. */
  lose(): void {
    if (this.#lost) return
    this.#lost = true
    this.#log.warn('lease_lost')
    this.#settles.close()
    // Nobody may write what they answer, and one that still waits for its connection must not leave under a dead epoch.
    this.abort()
    this.nudge()
  }

  /** Looks at the database now rather than at the next poll. */
  nudge(): void {
    this.#rest.wake()
  }

  /** The state of the campaigns may have changed. */
  invalidate(): void {
    this.#control.spoil()
    this.nudge()
  }

  /** No new request from now on; `run` ends when those under way have answered. */
  stop(): void {
    this.#stopping = true
    this.nudge()
  }

  /** Ends the requests under way; their recipients become maybe-sent. */
  abort(): void {
    this.#abort.abort()
  }

  /** Gives up what could not be written: the database is out of reach and the process must end. */
  abandon(): void {
    this.abort()
    this.#settles.close()
    this.#lost = true
    this.nudge()
  }

  async run(): Promise<void> {
    try {
      while (!this.#stopping && !this.#lost) {
        const hasWork = await this.#round()
        if (!hasWork && this.#inFlight === 0 && this.#settles.size === 0) break
        await this.#rest.sleep(this.#idleMs())
      }
    } finally {
      await this.#wind()
    }
  }

  /** One look at the state, then whatever can be done now. False when the channel has no campaign to send. */
  async #round(): Promise<boolean> {
    try {
      await this.#pausing
      if (this.#control.isDue) await this.#refresh()
      for (const queue of this.#campaigns.open) queue.restWhileClosed(this.#cap.closedForMs > 0)
      this.#pump()
      await this.#campaigns.completeDrained()
      await this.#campaigns.putOffSingles()
      if (this.#campaigns.wantsSingles) this.invalidate()
      return !this.#campaigns.isEmpty
    } catch (error) {
      this.#log.warn({ err: error }, 'lane round failed, will be repeated')
      await this.#rest.sleep(this.#deps.pollMs)
      return true
    }
  }

  /** Opens and closes queues as the database says. */
  async #refresh(): Promise<void> {
    const askedAt = performance.now()
    const { db } = this.#deps
    const { channelId, owner } = this.hold
    const [channel, listed] = await Promise.all([
      findChannelById(db, channelId),
      listRunningOfChannel(db, channelId, owner, this.#campaigns.singleIds),
    ])
    const running = channel === undefined ? [] : listed
    // First, so that a pause is acknowledged also when there is no gateway to be had.
    await this.#campaigns.follow(running)
    if (channel !== undefined) {
      this.#gateway = await this.#deps.gateways.get(channel)
      const { limits } = this.#gateway
      this.#startGate.follow(channel.min_delay_ms, limits)
      this.#cap.follow(channel.daily_cap, Math.min(limits.maxInFlight, this.#startGate.startableWithin(1000)))
    }
    if (this.#gateway !== null && channel !== undefined) {
      await this.#campaigns.openSingles(this.#gateway, this.#startGate.startableWithin(SINGLES_HORIZON_MS))
      await this.#campaigns.openMissing(running, this.#gateway)
    }
    this.#startGate.shortenPause()
    this.#control.learned(askedAt)
  }

  /** Starts every request that may start now, and claims ahead. */
  #pump(): void {
    const gateway = this.#gateway
    if (gateway === null) return
    while (this.#mayStart()) {
      const queue = this.#campaigns.next(this.#startGate.isOpenForCampaigns)
      const recipient = queue?.take() ?? null
      if (queue === null || recipient === null) break
      this.#start(gateway, queue, recipient)
    }
    void this.#cap.replenish()?.then(() => this.#pump())
    if (this.#stopping || this.#lost || this.#pausing !== null || this.#cap.closedForMs > 0) return
    this.#claimAhead(gateway)
  }

  #mayStart(): boolean {
    if (this.#stopping || this.#lost || this.#pausing !== null) return false
    if (!this.#control.isFresh || this.#settles.size >= MAX_UNSETTLED) return false
    return this.#startGate.isOpen(this.#inFlight)
  }

  #claimAhead(gateway: Gateway): void {
    const { minDelayMs } = this.#startGate
    for (const queue of this.#campaigns.open) {
      const lowWater = queue.gate.shortestGapMs === 0 && minDelayMs === 0 ? gateway.limits.maxInFlight : 1
      const claim = queue.processContactsBatch(lowWater, minDelayMs)
      claim?.then(
        () => (queue.readyCount > 0 ? this.#pump() : this.nudge()),
        (error: unknown) => {
          this.#log.warn({ err: error, campaignId: queue.campaign.id }, 'claim failed, will be repeated')
          this.#onRefused(error)
        },
      )
    }
  }

  #start(gateway: Gateway, queue: QueueManager, recipient: ClaimedRecipient): void {
    this.#inFlight += 1
    queue.inFlight += 1
    const delayMs = this.#startGate.started(queue.gate, queue.campaign.isSingle)
    if (delayMs >= REMEMBERED_FROM_MS) this.#settles.markPace({ nextSlotInMs: delayMs })
    const ticket = this.#cap.take()
    void this.#send(gateway, queue, recipient).then((outcome) => {
      this.#inFlight -= 1
      queue.inFlight -= 1
      if (!outcome.ok && outcome.failure.fate === 'notSent') this.#cap.refund(ticket)
      this.#finish(queue, recipient, outcome)
      this.#pump()
    })
  }

  async #send(gateway: Gateway, queue: QueueManager, recipient: ClaimedRecipient): Promise<SendOutcome> {
    let isOut = false
    try {
      const message = await queue.render(recipient)
      if (failpoints !== null) await failpoints.pass('before_send', recipient.phone)
      if (message === null || !this.#startGate.isTrusted) return { ok: false, failure: OUTLIVED }
      isOut = true
      const outcome = await gateway.send(message, this.#abort.signal, () => this.#startGate.isTrusted)
      if (failpoints !== null) await failpoints.pass('after_response', recipient.phone)
      return outcome
    } catch (error) {
      const failure = categorizeError(error, isOut)
      if (failure.code === 'INTERNAL')
        this.#log.error(
          { err: error, campaignId: queue.campaign.id },
          isOut ? 'send broke' : 'message could not be made',
        )
      return { ok: false, failure }
    }
  }

  #finish(queue: QueueManager, recipient: ClaimedRecipient, outcome: SendOutcome): void {
    const { settlement, effect } = decideSettlement(queue.rules, recipient, outcome)
    if (effect.backOffMs !== null) {
      this.#settles.markPace({ backOffInMs: this.#startGate.backOff(effect.backOffMs) })
    }
    if (settlement.retryInMs !== null) queue.lookAgainIn(settlement.retryInMs)
    this.#settles.push(settlement)
    if (outcome.ok) return this.#startGate.succeeded()
    const { failure } = outcome
    const isOurStop = this.#abort.signal.aborted || failure.code === OUTLIVED.code
    const gaveUp = !isOurStop && this.#startGate.failed(failure)
    if (effect.pause !== null) this.#pauseChannel(effect.pause, failure)
    else if (gaveUp) this.#pauseChannel('disconnected', failure)
  }

  /** Stops sending at once; the campaigns are paused as soon as the database takes it. */
  #pauseChannel(reason: PauseReason, failure: SendFailure): void {
    if (this.#pausing !== null || this.#lost) return
    this.#log.warn({ reason, code: failure.code }, 'channel paused')
    this.#pausing = this.#pauseUntilWritten(reason, failure).finally(() => {
      this.#pausing = null
      this.#control.spoil()
      this.nudge()
    })
    this.nudge()
  }

  async #pauseUntilWritten(reason: PauseReason, failure: SendFailure): Promise<void> {
    while (!this.#lost) {
      try {
        const channel = { userId: this.hold.userId, id: this.hold.channelId }
        const { unlogged } = await this.#deps.keeper.pauseChannel(channel, reason, failure)
        if (unlogged !== null) this.#log.error({ err: unlogged }, 'error log not written')
        return
      } catch (error) {
        this.#log.error({ err: error, reason }, 'auto-pause failed, will be repeated')
        await new Promise((resolve) => setTimeout(resolve, this.#deps.pollMs))
      }
    }
  }

  /** Without a place to write outcomes to, nothing more may leave; a person is told. */
  #onRefused(error: unknown): void {
    if (takesNoWrites(error)) this.#pauseChannel('storage', STORAGE)
  }

  #onSettled(rows: Settlement[]): void {
    for (const { campaignId, id } of rows) this.#held.drop(campaignId, id)
    // Only the last outcome can end a campaign, but any a single message; waking for each would cost more than the settle.
    if (this.#settles.size <= 1 || this.#campaigns.hasSingles) this.nudge()
  }

  /** Until when nothing can change by itself: the next slot, the end of a back-off, a retry, or the next poll. */
  #idleMs(): number {
    const { pollMs } = this.#deps
    if (this.#cap.closedForMs > 0) return Math.min(pollMs, this.#cap.closedForMs)
    if (this.#inFlight > 0 || this.#campaigns.open.some((queue) => queue.readyCount > 0)) {
      const closedForMs = this.#startGate.closedForMs(this.#campaigns.hasReadySingle)
      return Math.min(pollMs, closedForMs > 0 ? closedForMs : this.#control.restMs)
    }
    return Math.min(pollMs, ...this.#campaigns.open.map((queue) => Math.max(queue.idleForMs, 10)))
  }

  /** Waits for the requests under way, gives the rest back, writes everything and releases the locks. */
  async #wind(): Promise<void> {
    while (this.#inFlight > 0 && !this.#lost) await this.#rest.sleep(this.#control.restMs)
    await this.#campaigns.closeAll()
    await this.#settles.drain()
    if (!this.#lost) await this.#cap.close()
  }
}
