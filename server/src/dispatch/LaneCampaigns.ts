import { failpoints } from '#server/lib/failpoints.ts'
import type { Log } from '#server/lib/logger.ts'
import type { CampaignControl } from './dispatchQueries.ts'
import type { QueueManager } from './QueueManager.ts'

export type LaneCampaignsDeps = {
  /** Takes the lock of a campaign; null when it is not to be had. */
  acquireLock: (campaignId: string) => Promise<number | null>
  releaseLock: (campaignId: string) => Promise<void>
  /** Null when the campaign does not run any more. */
  makeQueue: (campaign: CampaignControl) => Promise<QueueManager | null>
  onQueueOpened: (queue: QueueManager) => void
  onQueueClosed: (campaignId: string) => void
  log: Log
}

/**
 * The campaigns that a lane sends for: their locks and queues, opened and closed as the database says. A lock counts as
 * ours from before it is asked for until its release has been confirmed, so that none is forgotten when an answer of the
 * database gets lost.
 */
export class LaneCampaigns {
  readonly #deps: LaneCampaignsDeps
  readonly #queues = new Map<string, QueueManager>()
  readonly #locked = new Set<string>()
  #turn: QueueManager[] = []

  constructor(deps: LaneCampaignsDeps) {
    this.#deps = deps
  }

  /** Those that send, in the order of their turns. */
  get open(): readonly QueueManager[] {
    return this.#turn
  }

  /** True when no lock is held, or may be. */
  get isEmpty(): boolean {
    return this.#locked.size === 0
  }

  /** Closes what does not run under our lock any more. */
  async closeOthers(running: CampaignControl[]): Promise<void> {
    const ours = new Set(running.filter(({ isMine }) => isMine).map(({ id }) => id))
    for (const id of this.#locked) {
      if (!ours.has(id) || this.#queues.get(id)?.isClosed === true) await this.close(id)
    }
  }

  /** Opens what runs and is not open yet; the others follow changes of their pace. */
  async openMissing(running: CampaignControl[]): Promise<void> {
    for (const campaign of running) {
      const queue = this.#queues.get(campaign.id)
      if (queue === undefined) await this.#open(campaign)
      else queue.gate.follow(campaign.pace)
    }
  }

  /** The next campaign in turn that may send and has somebody ready; null when none has. */
  next(): QueueManager | null {
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
   * What throws here is repeated with the next `closeOthers`.
   */
  async close(id: string): Promise<void> {
    const queue = this.#queues.get(id)
    this.#turn = this.#turn.filter((other) => other !== queue)
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

  async #open(campaign: CampaignControl): Promise<void> {
    const { id } = campaign
    this.#locked.add(id)
    if ((await this.#deps.acquireLock(id)) === null) {
      this.#locked.delete(id)
      return
    }
    const queue = await this.#deps.makeQueue(campaign)
    if (queue === null) return this.close(id)
    this.#queues.set(id, queue)
    this.#turn.push(queue)
    this.#deps.onQueueOpened(queue)
    this.#deps.log.info({ campaignId: id }, 'campaign taken')
  }

  #forget(id: string): void {
    this.#queues.delete(id)
    this.#locked.delete(id)
    this.#deps.onQueueClosed(id)
  }
}
