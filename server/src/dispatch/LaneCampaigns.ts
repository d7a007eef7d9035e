import { failpoints } from '#server/lib/failpoints.ts'
import type { Log } from '#server/lib/logger.ts'
import type { TakenSingle } from '#server/campaigns/campaignLocks.ts'
import type { CampaignKeeper } from '#server/campaigns/CampaignKeeper.ts'
import type { Gateway } from '#server/channels/gateways/Gateway.ts'
import type { HeldRows } from '#server/recipients/lostClaims.ts'
import type { CampaignControl } from './dispatchQueries.ts'
import type { LaneQueues } from './LaneQueues.ts'
import type { QueueManager } from './QueueManager.ts'

export type LaneCampaignsDeps = {
  /** Takes the lock of a campaign; null when it is not to be had. */
  acquireLock: (campaignId: string) => Promise<number | null>
  releaseLock: (campaignId: string) => Promise<void>
  /** Takes the locks of the next single messages: at most `limit`, and none of those that are `known` to be ours. */
  takeSingles: (limit: number, known: string[]) => Promise<TakenSingle[]>
  /** `dueInMs`: when its next attempt is due; null leaves its place in the queue as it is. */
  releaseSingles: (singles: { id: string; dueInMs: number | null }[]) => Promise<void>
  queues: LaneQueues
  held: HeldRows
  keeper: CampaignKeeper
  pollMs: number
  onQueueOpened: (queue: QueueManager) => void
  onQueueClosed: (campaignId: string) => void
  log: Log
}

/** Single messages that are open at a time, however many wait. */
const MAX_SINGLES = 32

/**
 * What a lane sends for: campaigns, and a few of its single messages at a time; their locks and queues, opened and closed
 * as the database says. The lock of a campaign counts as ours from before it is asked for until its release has been
 * confirmed, so that none is forgotten when an answer of the database gets lost. That of a single message which got lost
 * so is found when the next are taken, or runs out.
 */
export class LaneCampaigns {
  readonly #deps: LaneCampaignsDeps
  readonly #queues = new Map<string, QueueManager>()
  readonly #locked = new Set<string>()
  #turn: QueueManager[] = []
  /** The oldest first. */
  #singles: QueueManager[] = []
  /** The last time there were as many as we asked for. */
  #moreSingles = false
  #singlesLimit = 0

  constructor(deps: LaneCampaignsDeps) {
    this.#deps = deps
  }

  /** All that send: single messages first, then campaigns in the order of their turns. */
  get open(): readonly QueueManager[] {
    return this.#singles.length === 0 ? this.#turn : [...this.#singles, ...this.#turn]
  }

  get singleIds(): string[] {
    return this.#singles.map(({ campaign }) => campaign.id)
  }

  get hasSingles(): boolean {
    return this.#singles.length > 0
  }

  get hasReadySingle(): boolean {
    return this.#singles.some((queue) => queue.readyCount > 0)
  }

  /** There is room for more single messages, and more are known to wait. */
  get wantsSingles(): boolean {
    return this.#moreSingles && this.#singles.length <= this.#singlesLimit / 2
  }

  /** True when no lock is held, or may be. */
  get isEmpty(): boolean {
    return this.#locked.size === 0
  }

  /** Closes what does not run under our lock any more, and leaves out who must not be written to any more. */
  async follow(running: CampaignControl[]): Promise<void> {
    await this.#closeOthers(running)
    const { suppressions } = this.#deps.queues
    const version = running[0]?.suppressionVersion
    if (version === undefined || !suppressions.learn(version)) return
    for (const queue of this.open) await queue.leaveOutSuppressed()
    suppressions.checked(version)
  }

  async #closeOthers(running: CampaignControl[]): Promise<void> {
    const ours = new Set(running.filter(({ isMine }) => isMine).map(({ id }) => id))
    for (const id of this.#locked) {
      if (!ours.has(id) || this.#queues.get(id)?.isClosed === true) await this.close(id)
    }
  }

  /** Opens what runs and is not open yet; the others follow changes of their pace. */
  async openMissing(running: CampaignControl[], gateway: Gateway): Promise<void> {
    for (const campaign of running) {
      const queue = this.#queues.get(campaign.id)
      if (queue === undefined) await this.#open(campaign, gateway)
      else queue.gate.follow(campaign.pace)
    }
  }

  /**
   * Takes the next single messages; `startable`: how many the pace lets start soon. Where nothing may be repeated, what
   * is held when a worker dies ends as unknown: there no more are taken than may be under way.
   */
  async openSingles(gateway: Gateway, startable: number): Promise<void> {
    const bearable = gateway.isIdempotent ? MAX_SINGLES : gateway.limits.maxInFlight
    this.#singlesLimit = Math.min(MAX_SINGLES, bearable, startable)
    const free = this.#singlesLimit - this.#singles.length
    if (free <= 0) return
    const taken = await this.#deps.takeSingles(free, this.singleIds)
    this.#moreSingles = taken.length === free
    for (const single of taken) {
      const queue = this.#deps.queues.forSingle(single, gateway)
      this.#locked.add(single.id)
      this.#queues.set(single.id, queue)
      this.#singles.push(queue)
      this.#deps.onQueueOpened(queue)
    }
  }

  /** What nobody is left of is over, if the books agree. */
  async completeDrained(): Promise<void> {
    const { keeper, held, pollMs } = this.#deps
    const drained = this.open.filter((queue) => queue.isDrained && !held.has(queue.campaign.id))
    await this.#completeSingles(drained.filter(({ campaign }) => campaign.isSingle))
    for (const queue of drained.filter(({ campaign }) => !campaign.isSingle)) {
      if (await keeper.complete(queue.campaign)) await this.close(queue.campaign.id)
      else queue.mistrustIn(pollMs)
    }
  }

  /** Lets go of single messages whose next attempt lies ahead: they must not keep their place from those that can go. */
  async putOffSingles(): Promise<void> {
    const { held } = this.#deps
    const waiting = this.#singles.filter((queue) => queue.isWaiting && !held.has(queue.campaign.id))
    if (waiting.length > 0) await this.#closeSingles(waiting, (queue) => queue.idleForMs)
  }

  /**
   * The oldest single message that is ready, unless an older one is just being claimed: two to one person must not
   * change places. Without one the next campaign in turn, where its pace lets it. Or null.
   */
  next(isOpenForCampaigns: boolean): QueueManager | null {
    const single = this.#singles.find((queue) => queue.readyCount > 0 || queue.isComing)
    if (single !== undefined) return single.readyCount > 0 ? single : null
    if (!isOpenForCampaigns) return null
    for (let tries = this.#turn.length; tries > 0; tries--) {
      const queue = this.#turn.shift()
      if (queue === undefined) return null
      this.#turn.push(queue)
      if (queue.readyCount > 0 && queue.gate.closedForMs() === 0) return queue
    }
    return null
  }

  /**
   * Gives the unsent rows back and releases the lock: for whoever paused the campaign, the sign that nothing follows.
   * What throws here is repeated with the next `follow`.
   */
  async close(id: string): Promise<void> {
    const queue = this.#queues.get(id)
    this.#turn = this.#turn.filter((other) => other !== queue)
    this.#singles = this.#singles.filter((other) => other !== queue)
    await queue?.close()
    if (failpoints !== null) await failpoints.pass('before_pause_ack')
    await this.#deps.releaseLock(id)
    this.#forget(id)
    if (queue !== undefined) this.#deps.log.info({ campaignId: id }, 'campaign let go')
  }

  /** Closes all at the end of the lane. A lock that cannot be released runs out by itself. */
  async closeAll(): Promise<void> {
    for (const id of [...this.#locked]) {
      try {
        await this.close(id)
      } catch (error) {
        this.#deps.log.warn({ err: error, campaignId: id }, 'lock not released, it will run out')
        this.#forget(id)
      }
    }
  }

  async #open(campaign: CampaignControl, gateway: Gateway): Promise<void> {
    const { id } = campaign
    this.#locked.add(id)
    if ((await this.#deps.acquireLock(id)) === null) {
      this.#locked.delete(id)
      return
    }
    const queue = await this.#deps.queues.forCampaign(campaign, gateway)
    if (queue === null) return this.close(id)
    this.#queues.set(id, queue)
    this.#turn.push(queue)
    this.#deps.onQueueOpened(queue)
    this.#deps.log.info({ campaignId: id }, 'campaign taken')
  }

  async #completeSingles(drained: QueueManager[]): Promise<void> {
    if (drained.length === 0) return
    const over = new Set(await this.#deps.keeper.completeSingles(drained.map(({ campaign }) => campaign.id)))
    const completed = drained.filter(({ campaign }) => over.has(campaign.id))
    for (const queue of drained) if (!completed.includes(queue)) queue.mistrustIn(this.#deps.pollMs)
    if (completed.length > 0) await this.#closeSingles(completed, () => null)
  }

  async #closeSingles(queues: QueueManager[], dueInMs: (queue: QueueManager) => number | null): Promise<void> {
    const singles = queues.map((queue) => ({ id: queue.campaign.id, dueInMs: dueInMs(queue) }))
    this.#singles = this.#singles.filter((queue) => !queues.includes(queue))
    for (const queue of queues) await queue.close()
    await this.#deps.releaseSingles(singles)
    for (const { id } of singles) this.#forget(id)
  }

  #forget(id: string): void {
    this.#queues.delete(id)
    this.#locked.delete(id)
    this.#deps.onQueueClosed(id)
  }
}
