import { findChannelById } from '#server/channels/channelQueries.ts'
import type { Lane } from '#server/channels/channelLane.ts'
import type { GatewayRegistry } from '#server/channels/GatewayRegistry.ts'
import type { Gateway, SendFailure, SendOutcome } from '#server/channels/gateways/Gateway.ts'
import type { CampaignKeeper } from '#server/campaigns/CampaignKeeper.ts'
import type { PauseReason } from '#contract/states.ts'
import type { Db } from '#server/db/Database.ts'
import type { Log } from '#server/lib/logger.ts'
import type { ClaimedRecipient, LaneHold } from '#server/recipients/claimRecipients.ts'
import { settleRecipients } from '#server/recipients/settleRecipients.ts'
import { Breaker } from './Breaker.ts'
import { categorizeError } from './categorizeError.ts'
import { decideSettlement } from './decideSettlement.ts'
import { findRunningCampaign, listRunningOfChannel } from './dispatchQueries.ts'
import { QueueManager } from './QueueManager.ts'
import { SettleQueue } from './SettleQueue.ts'

/** A send needs to know that its campaign still ran this short a time ago. */
const CONTROL_MAX_AGE_MS = 250
/** While messages leave, the state is asked for this often, so that no send has to wait for it. */
const CONTROL_EVERY_MS = 150
/** Outcomes that may wait for the database before sending stops. */
const MAX_UNSETTLED = 1000

export type LaneRunnerDeps = {
  db: Db
  gateways: GatewayRegistry
  keeper: CampaignKeeper
  log: Log
  pollMs: number
  batchSize: number
  /** Takes the lock of a campaign for this lane; null when it is not to be had. */
  acquireLock: (campaignId: string, laneEpoch: number) => Promise<number | null>
  releaseLock: (campaignId: string) => Promise<void>
  onQueueOpened: (queue: QueueManager) => void
  onQueueClosed: (campaignId: string) => void
}

/**
 * Sends on one channel while this worker holds its lane: its campaigns in turn, at the channel's pace, never more
 * requests under way than the gateway bears. What it knows is only a copy; authority is the lane row.
 *
 * Lifecycle: run() loops until nothing is left to send, the lane is lost, or stop() is called; it resolves when all
 * outcomes are written (or given up) and the campaigns' locks are released.
 */
export class LaneRunner {
  readonly hold: LaneHold
  readonly #deps: LaneRunnerDeps
  readonly #log: Log
  readonly #queues = new Map<string, QueueManager>()
  readonly #settles: SettleQueue
  readonly #breaker = new Breaker()
  readonly #abort = new AbortController()
  #turn: QueueManager[] = []
  #gateway: Gateway | null = null
  #minDelayMs = 0
  #inFlight = 0
  #trustedUntil: number
  #nextSlotAt: number
  #backOffUntil: number
  #controlAt = -Infinity
  #stopping = false
  #lost = false
  #pausing: Promise<void> | null = null
  #wake: (() => void) | null = null
  #woken = false

  constructor(hold: LaneHold, lane: Lane, trustedUntil: number, deps: LaneRunnerDeps) {
    this.hold = hold
    this.#deps = deps
    this.#log = deps.log.child({ channelId: hold.channelId, epoch: hold.epoch })
    this.#trustedUntil = trustedUntil
    this.#nextSlotAt = performance.now() + lane.nextSlotInMs
    this.#backOffUntil = performance.now() + lane.backOffInMs
    this.#settles = new SettleQueue({
      settle: (rows, pace) => settleRecipients(deps.db, hold, rows, pace),
      onLost: () => this.lose(),
      // Only the last outcome can end a campaign; waking for each would cost more than the settle.
      onSettled: () => this.#settles.size <= 1 && this.nudge(),
      log: this.#log,
    })
  }

  /** The lease was renewed: sends may start until `until` (monotonic ms). */
  trustUntil(until: number): void {
    this.#trustedUntil = until
    this.nudge()
  }

  /** The lane belongs to somebody else: no request starts any more, nothing is written. */
  lose(): void {
    if (this.#lost) return
    this.#lost = true
    this.#log.warn('lease_lost')
    this.#settles.close()
    this.nudge()
  }

  /** Looks at the database now rather than at the next poll. */
  nudge(): void {
    this.#woken = true
    this.#wake?.()
  }

  /** The state of the campaigns may have changed. */
  invalidate(): void {
    this.#controlAt = -Infinity
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
        await this.#sleep(this.#idleMs())
      }
    } finally {
      await this.#wind()
    }
  }

  /** One look at the state, then whatever can be done now. False when the channel has no campaign to send. */
  async #round(): Promise<boolean> {
    try {
      await this.#pausing
      if (performance.now() - this.#controlAt >= CONTROL_EVERY_MS) await this.#refresh()
      this.#pump()
      await this.#completeDrained()
      return this.#queues.size > 0
    } catch (error) {
      this.#log.warn({ err: error }, 'lane round failed, will be repeated')
      await this.#sleep(this.#deps.pollMs)
      return true
    }
  }

  /** Opens and closes queues as the database says. */
  async #refresh(): Promise<void> {
    const askedAt = performance.now()
    const channel = await findChannelById(this.#deps.db, this.hold.channelId)
    const running = channel === undefined ? [] : await listRunningOfChannel(this.#deps.db, this.hold.channelId, this.hold.owner)
    const wanted = new Set(running.map((campaign) => campaign.id))
    for (const id of this.#queues.keys()) if (!wanted.has(id)) await this.#closeQueue(id)
    if (channel !== undefined) {
      this.#gateway = await this.#deps.gateways.get(channel)
      this.#minDelayMs = channel.min_delay_ms
    }
    for (const { id, isMine } of running) {
      if (this.#queues.has(id) && !isMine) await this.#closeQueue(id)
      if (!this.#queues.has(id)) await this.#openQueue(id)
    }
    this.#controlAt = askedAt
  }

  async #openQueue(id: string): Promise<void> {
    if ((await this.#deps.acquireLock(id, this.hold.epoch)) === null) return
    const campaign = await findRunningCampaign(this.#deps.db, id)
    if (campaign === undefined) return this.#deps.releaseLock(id)
    const queue = new QueueManager({
      db: this.#deps.db,
      lane: this.hold,
      campaign,
      settle: (settlement) => this.#settles.push(settlement),
      maxBatch: this.#deps.batchSize,
    })
    this.#queues.set(id, queue)
    this.#turn = [...this.#queues.values()]
    this.#deps.onQueueOpened(queue)
    this.#log.info({ campaignId: id }, 'campaign taken')
  }

  /** Gives the unsent rows back and releases the lock: for whoever paused the campaign, the sign that nothing follows. */
  async #closeQueue(id: string): Promise<void> {
    const queue = this.#queues.get(id)
    if (queue === undefined) return
    this.#queues.delete(id)
    this.#turn = [...this.#queues.values()]
    await queue.close()
    await this.#deps.releaseLock(id)
    this.#deps.onQueueClosed(id)
    this.#log.info({ campaignId: id }, 'campaign let go')
  }

  /** Starts every request that may start now, and claims ahead. */
  #pump(): void {
    const gateway = this.#gateway
    if (gateway === null) return
    while (this.#mayStart(gateway)) {
      const queue = this.#nextQueue()
      const recipient = queue?.take() ?? null
      if (queue === null || recipient === null) break
      this.#start(gateway, queue, recipient)
    }
    if (!this.#stopping && !this.#lost && this.#pausing === null) this.#claimAhead(gateway)
  }

  #mayStart(gateway: Gateway): boolean {
    if (this.#stopping || this.#lost || this.#pausing !== null) return false
    const now = performance.now()
    return (
      this.#inFlight < gateway.limits.maxInFlight &&
      now < this.#trustedUntil &&
      now >= this.#nextSlotAt &&
      now >= this.#backOffUntil &&
      now - this.#controlAt < CONTROL_MAX_AGE_MS &&
      this.#breaker.allows(now, this.#inFlight) &&
      this.#settles.size < MAX_UNSETTLED
    )
  }

  /** The next campaign in turn that has somebody ready. */
  #nextQueue(): QueueManager | null {
    for (let tries = this.#turn.length; tries > 0; tries--) {
      const queue = this.#turn.shift()
      if (queue === undefined) return null
      this.#turn.push(queue)
      if (queue.readyCount > 0) return queue
    }
    return null
  }

  #claimAhead(gateway: Gateway): void {
    for (const queue of this.#queues.values()) {
      const lowWater = queue.campaign.delayMinMs === 0 && this.#minDelayMs === 0 ? gateway.limits.maxInFlight : 1
      const claim = queue.processContactsBatch(lowWater, this.#minDelayMs)
      claim?.then(
        () => (queue.readyCount > 0 ? this.#pump() : this.nudge()),
        (error: unknown) => {
          this.#log.warn({ err: error, campaignId: queue.campaign.id }, 'claim failed, will be repeated')
        },
      )
    }
  }

  #start(gateway: Gateway, queue: QueueManager, recipient: ClaimedRecipient): void {
    this.#inFlight += 1
    queue.inFlight += 1
    const delayMs = Math.max(drawDelayMs(queue), this.#minDelayMs)
    if (delayMs > 0) {
      this.#nextSlotAt = performance.now() + delayMs
      this.#settles.markPace({ nextSlotInMs: delayMs })
    }
    void this.#send(gateway, queue, recipient).then((outcome) => {
      this.#inFlight -= 1
      queue.inFlight -= 1
      this.#finish(queue, recipient, outcome)
      this.#pump()
    })
  }

  async #send(gateway: Gateway, queue: QueueManager, recipient: ClaimedRecipient): Promise<SendOutcome> {
    try {
      return await gateway.send(queue.render(recipient), this.#abort.signal)
    } catch (error) {
      const failure = categorizeError(error)
      if (failure.code === 'INTERNAL') this.#log.error({ err: error, campaignId: queue.campaign.id }, 'message could not be made')
      return { ok: false, failure }
    }
  }

  #finish(queue: QueueManager, recipient: ClaimedRecipient, outcome: SendOutcome): void {
    const { settlement, effect } = decideSettlement(queue.rules, recipient, outcome)
    if (effect.backOffMs !== null) {
      this.#backOffUntil = Math.max(this.#backOffUntil, performance.now() + effect.backOffMs)
      this.#settles.markPace({ backOffInMs: effect.backOffMs })
    }
    if (settlement.retryInMs !== null) queue.lookAgainIn(settlement.retryInMs)
    this.#settles.push(settlement)
    if (outcome.ok) return this.#breaker.succeeded()
    const { failure } = outcome
    const gaveUp = !this.#abort.signal.aborted && this.#breaker.failed(failure, performance.now())
    if (effect.pause !== null) this.#pauseChannel(effect.pause, failure)
    else if (gaveUp) this.#pauseChannel('disconnected', failure)
  }

  /** Stops sending at once; the campaigns are paused as soon as the database takes it. */
  #pauseChannel(reason: PauseReason, failure: SendFailure): void {
    if (this.#pausing !== null || this.#lost) return
    this.#log.warn({ reason, code: failure.code }, 'channel paused')
    this.#pausing = this.#pauseUntilWritten(reason, failure).finally(() => {
      this.#pausing = null
      this.#controlAt = -Infinity
      this.nudge()
    })
    this.nudge()
  }

  async #pauseUntilWritten(reason: PauseReason, failure: SendFailure): Promise<void> {
    while (!this.#lost) {
      try {
        return await this.#deps.keeper.pauseChannel({ userId: this.hold.userId, id: this.hold.channelId }, reason, failure)
      } catch (error) {
        this.#log.error({ err: error, reason }, 'auto-pause failed, will be repeated')
        await new Promise((resolve) => setTimeout(resolve, this.#deps.pollMs))
      }
    }
  }

  /** A campaign of which nobody is left is over, if the books agree. */
  async #completeDrained(): Promise<void> {
    for (const queue of [...this.#queues.values()]) {
      if (!queue.isDrained || this.#settles.size > 0) continue
      const { id, userId } = queue.campaign
      if (await this.#deps.keeper.complete({ id, userId })) await this.#closeQueue(id)
      else queue.lookAgainIn(this.#deps.pollMs)
    }
  }

  /** Until when nothing can change by itself: the next slot, the end of a back-off, a retry, or the next poll. */
  #idleMs(): number {
    const now = performance.now()
    const { pollMs } = this.#deps
    if (this.#inFlight > 0 || this.#turn.some((queue) => queue.readyCount > 0)) {
      const blockedMs = Math.max(this.#nextSlotAt - now, this.#backOffUntil - now, this.#breaker.waitMs(now))
      return Math.min(pollMs, blockedMs > 0 ? blockedMs : CONTROL_EVERY_MS)
    }
    return Math.min(pollMs, ...this.#turn.map((queue) => Math.max(queue.idleForMs, 10)))
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#woken) {
        this.#woken = false
        // Not at once: a loop of resolved promises would starve the sockets.
        setImmediate(resolve)
        return
      }
      const done = () => {
        clearTimeout(timer)
        this.#wake = null
        this.#woken = false
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.#wake = done
    })
  }

  /** Waits for the requests under way, gives the rest back, writes everything and releases the locks. */
  async #wind(): Promise<void> {
    while (this.#inFlight > 0 && !this.#lost) await this.#sleep(CONTROL_EVERY_MS)
    for (const id of [...this.#queues.keys()]) {
      await this.#closeQueue(id).catch((error: unknown) => this.#log.warn({ err: error, campaignId: id }, 'lock not released'))
    }
    await this.#settles.drain()
  }
}

function drawDelayMs(queue: QueueManager): number {
  const { delayMinMs, delayMaxMs } = queue.campaign
  return delayMinMs + Math.random() * (delayMaxMs - delayMinMs)
}
