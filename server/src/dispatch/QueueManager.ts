import type { Db } from '#server/db/Database.ts'
import type { OutgoingMessage } from '#server/channels/gateways/Gateway.ts'
import { claimRecipients, claimSuspect, type ClaimedRecipient, type LaneHold } from '#server/recipients/claimRecipients.ts'
import { messageIdOf } from '#server/recipients/messageId.ts'
import { findNextRetryInMs } from '#server/recipients/recipientQueries.ts'
import type { Settlement } from '#server/recipients/settleRecipients.ts'
import { recipientScope } from '#server/templates/recipientScope.ts'
import { compileTemplate, renderTemplate, type CompiledTemplate } from '#server/templates/renderTemplate.ts'
import { POISON } from './categorizeError.ts'
import { failFor, giveBack, giveUpAsUnknown, type CampaignRules } from './decideSettlement.ts'
import type { RunningCampaign } from './dispatchQueries.ts'
import { getEnhancedProgress } from './getEnhancedProgress.ts'

/** Nothing is claimed that the pace cannot start within this time. */
const BATCH_HORIZON_MS = 10_000
/** A row that was started under so many dead epochs is given up. */
const MAX_STARTED_DEATHS = 3

/**
 * One campaign while this worker holds it: claims its recipients batch by batch and makes their messages. Memory holds
 * at most two batches, whatever the size of the campaign.
 */
export class QueueManager {
  readonly campaign: RunningCampaign
  readonly rules: CampaignRules
  readonly #db: Db
  readonly #lane: LaneHold
  readonly #templates: CompiledTemplate[]
  readonly #settle: (settlement: Settlement) => void
  readonly #maxBatch: number
  #ready: ClaimedRecipient[] = []
  #after = Number.MIN_SAFE_INTEGER
  #claiming: Promise<void> | null = null
  #suspectsLeft = true
  #exhausted = false
  #lookAgainAt = 0
  #closed = false
  /** Requests under way. */
  inFlight = 0

  /** `maxBatch`: most rows of one claim, 100 at most, so that a crash leaves few suspects. */
  constructor(options: {
    db: Db
    lane: LaneHold
    campaign: RunningCampaign
    settle: (settlement: Settlement) => void
    maxBatch: number
  }) {
    this.#db = options.db
    this.#lane = options.lane
    this.campaign = options.campaign
    this.#settle = options.settle
    this.#maxBatch = options.maxBatch
    this.#templates = options.campaign.messages.map((message) => compileTemplate(message.content))
    this.rules = {
      id: options.campaign.id,
      unknownPolicy: options.campaign.unknownPolicy,
      stepDelaysMs: options.campaign.messages.map((message) => message.delayBeforeMs ?? 0),
    }
  }

  get readyCount(): number {
    return this.#ready.length
  }

  /** The next recipient to send to; null when none is claimed. */
  take(): ClaimedRecipient | null {
    // While a suspect is under way nothing else is: should it kill the process, it must be known which row it was.
    if (this.#suspectsLeft && this.inFlight > 0) return null
    return this.#ready.shift() ?? null
  }

  /**
   * Claims the next batch when fewer than `lowWater` are ready and there may be more; resolves when the claim has
   * ended. Null when there is nothing to do or a claim is under way already.
   */
  processContactsBatch(lowWater: number, minDelayMs: number): Promise<void> | null {
    if (this.#claiming !== null || !this.#wantsMore(lowWater)) return null
    const claim = this.#suspectsLeft ? this.#claimSuspect() : this.#claimBatch(this.#batchSize(minDelayMs))
    this.#claiming = claim.finally(() => {
      this.#claiming = null
    })
    return this.#claiming
  }

  /** True when nobody is left to claim, under way or waiting for a retry: the campaign may be over. */
  get isDrained(): boolean {
    return this.#exhausted && this.#lookAgainAt === Infinity && this.#ready.length === 0 && this.inFlight === 0
  }

  /** Milliseconds until a retry is due; 0 when there may be work now, Infinity when nothing is known to wait. */
  get idleForMs(): number {
    return this.#exhausted ? Math.max(0, this.#lookAgainAt - performance.now()) : 0
  }

  /** Something was settled as `retrying`, or someone says that there is more: look again after `ms`. */
  lookAgainIn(ms: number): void {
    this.#lookAgainAt = Math.min(this.#lookAgainAt, performance.now() + ms)
  }

  /** The message for a claimed recipient. Throws TEMPLATE_INVALID when it cannot be rendered. */
  render(recipient: ClaimedRecipient): OutgoingMessage {
    const template = this.#templates[recipient.step]
    if (template === undefined) throw new Error(`Step ${recipient.step} is beyond the sequence.`)
    return {
      id: messageIdOf(this.campaign.messageTag, recipient.id, recipient.step),
      to: recipient.phone.slice(1),
      content: { type: 'text', text: renderTemplate(template, recipientScope(recipient)) },
    }
  }

  /** Stops claiming and gives back what is claimed and not under way. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#claiming?.catch(() => undefined)
    this.#giveBackReady()
  }

  getEnhancedProgress(): ReturnType<typeof getEnhancedProgress> {
    return getEnhancedProgress(this.#db, this.campaign.userId, this.campaign.id)
  }

  #wantsMore(lowWater: number): boolean {
    if (this.#closed) return false
    if (this.#suspectsLeft) return this.#ready.length === 0 && this.inFlight === 0
    return this.#ready.length < lowWater && (!this.#exhausted || performance.now() >= this.#lookAgainAt)
  }

  #batchSize(minDelayMs: number): number {
    const gapMs = Math.max(this.campaign.delayMinMs, minDelayMs)
    return gapMs === 0 ? this.#maxBatch : Math.min(this.#maxBatch, Math.max(1, Math.floor(BATCH_HORIZON_MS / gapMs)))
  }

  async #claimBatch(limit: number): Promise<void> {
    const claimed = await claimRecipients(this.#db, this.#lane, this.campaign.id, { after: this.#after, limit })
    for (const recipient of claimed) {
      this.#after = Math.max(this.#after, recipient.processingOrder)
      this.#ready.push(recipient)
    }
    if (this.#closed) this.#giveBackReady()
    else if (claimed.length === limit) this.#exhausted = false
    else await this.#lookForRest(claimed.length)
  }

  /** Fewer came than asked for: rows given back lie before the cursor, retries lie in the future. */
  async #lookForRest(claimedCount: number): Promise<void> {
    if (claimedCount > 0 || this.#after !== Number.MIN_SAFE_INTEGER) {
      this.#after = Number.MIN_SAFE_INTEGER
      this.#exhausted = false
      return
    }
    this.#lookAgainAt = Infinity
    this.#exhausted = true
    const dueInMs = await findNextRetryInMs(this.#db, this.campaign.userId, this.campaign.id)
    if (dueInMs !== null) this.lookAgainIn(Math.max(dueInMs, 0))
  }

  async #claimSuspect(): Promise<void> {
    const suspect = await claimSuspect(this.#db, this.#lane, this.campaign.id)
    if (suspect === null) this.#suspectsLeft = false
    else if (suspect.startedDeaths >= MAX_STARTED_DEATHS) this.#settle(failFor(this.campaign.id, suspect, POISON))
    else if (this.campaign.unknownPolicy !== 'resend') this.#settle(giveUpAsUnknown(this.campaign.id, suspect))
    else this.#ready.push(suspect)
  }

  #giveBackReady(): void {
    for (const recipient of this.#ready) this.#settle(giveBack(this.campaign.id, recipient))
    this.#ready = []
  }
}
