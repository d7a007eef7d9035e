import type { Db } from '#server/db/Database.ts'
import type { Gateway, OutgoingMessage } from '#server/channels/gateways/Gateway.ts'
import { failpoints } from '#server/lib/failpoints.ts'
import type { LoadMedium } from '#server/media/MediaCache.ts'
import {
  claimRecipients,
  claimSuspect,
  noteSuspect,
  type ClaimedRecipient,
  type LaneHold,
  type SuspectStep,
} from '#server/recipients/claimRecipients.ts'
import { findLostClaims, type HeldRows } from '#server/recipients/lostClaims.ts'
import { messageIdOf } from '#server/recipients/messageId.ts'
import { findNextRetryInMs } from '#server/recipients/recipientQueries.ts'
import type { Settlement } from '#server/recipients/settleRecipients.ts'
import { POISON } from './categorizeError.ts'
import { failFor, giveBack, giveUpAsUnknown, leaveOut, mayResend, type CampaignRules } from './decideSettlement.ts'
import type { CampaignPace, RunningCampaign } from './dispatchQueries.ts'
import { getEnhancedProgress } from './getEnhancedProgress.ts'
import { MessageMaker } from './MessageMaker.ts'
import { PaceGate } from './PaceGate.ts'
import { NEVER_CHECKED, type SuppressionWatch } from './SuppressionWatch.ts'

/** Nothing is claimed that the pace cannot start within this time. */
const BATCH_HORIZON_MS = 10_000
/** No claim takes more, whatever is asked for: all of them are suspects after a crash. */
const MOST_AT_ONCE = 100
/** A row whose message was being made under so many dead epochs is given up. */
const MAX_STARTED_DEATHS = 3
/** After a claim that failed; without a pause a database that takes no writes would be asked a hundred times a second. */
const CLAIM_RETRY_MS = 250

/**
 * One campaign while this worker holds it: claims its recipients batch by batch and makes their messages. Memory holds
 * at most two batches, whatever the size of the campaign.
 */
export class QueueManager {
  readonly campaign: RunningCampaign
  readonly rules: CampaignRules
  readonly gate: PaceGate
  readonly #db: Db
  readonly #lane: LaneHold
  readonly #messages: MessageMaker
  readonly #held: HeldRows
  readonly #settle: (settlement: Settlement) => void
  readonly #maxBatch: number
  readonly #suppressions: SuppressionWatch
  #ready: ClaimedRecipient[] = []
  #after = Number.MIN_SAFE_INTEGER
  #claiming: Promise<void> | null = null
  #suspectsLeft: boolean
  #exhausted = false
  #lookAgainAt = 0
  #claimNotBefore = 0
  /** A claim may have been carried out without our seeing its answer. */
  #mayHaveLost = false
  #hasBegun = false
  #closed = false
  /** Requests under way. */
  inFlight = 0

  /** `maxBatch`: most rows of one claim, at most 100. */
  constructor(options: {
    db: Db
    lane: LaneHold
    campaign: RunningCampaign
    pace: CampaignPace
    /** What the lane has in memory of this campaign, also from before it was paused and resumed. */
    held: HeldRows
    settle: (settlement: Settlement) => void
    maxBatch: number
    /** Whether somebody may have died while holding rows of this campaign; true where nobody has looked. */
    mayHaveSuspects?: boolean
    suppressions: SuppressionWatch
    loadMedium: LoadMedium
    /** Whether the channel's gateway bears a repeat, and how many requests it takes at once. */
    gateway: Pick<Gateway, 'isIdempotent' | 'limits'>
  }) {
    this.#db = options.db
    this.#lane = options.lane
    this.campaign = options.campaign
    this.gate = new PaceGate(options.pace)
    this.#messages = new MessageMaker(options.campaign, options.loadMedium)
    this.#held = options.held
    this.#settle = options.settle
    this.#suppressions = options.suppressions
    this.#suspectsLeft = options.mayHaveSuspects ?? true
    // Where nothing may be repeated, everybody claimed when a worker dies ends as unknown: so few are claimed.
    const { isIdempotent, limits } = options.gateway
    this.#maxBatch = Math.min(options.maxBatch, MOST_AT_ONCE, isIdempotent ? Infinity : limits.maxInFlight)
    this.rules = {
      id: options.campaign.id,
      unknownPolicy: options.campaign.unknownPolicy,
      isIdempotent,
      stepDelaysMs: options.campaign.messages.map((message) => message.delayBeforeMs ?? 0),
      hasFallback: (step) => this.#messages.hasFallback(step),
    }
  }

  get readyCount(): number {
    return this.#ready.length
  }

  get isClosed(): boolean {
    return this.#closed
  }

  /** The next recipient to send to; null when none is claimed. */
  take(): ClaimedRecipient | null {
    // While a suspect is under way nothing else is: should it kill the process, it must be known which row it was.
    if (this.#suspectsLeft && this.inFlight > 0) return null
    const next = this.#ready.shift() ?? null
    if (next !== null) this.#hasBegun = true
    return next
  }

  /** True until the first claim has said whether there is anybody: whoever comes later in the queue waits for it. */
  get isComing(): boolean {
    return !this.#hasBegun && !this.#closed && this.#ready.length === 0 && !this.isDrained && !this.isWaiting
  }

  /**
   * Claims the next batch when fewer than `lowWater` are ready and there may be more; resolves when the claim has
   * ended. Null when there is nothing to do or a claim is under way already.
   */
  processContactsBatch(lowWater: number, minDelayMs: number): Promise<void> | null {
    if (this.#claiming !== null || !this.#wantsMore(lowWater)) return null
    this.#claiming = this.#claimNext(this.#batchSize(minDelayMs))
      .catch((error: unknown) => {
        this.#claimNotBefore = performance.now() + CLAIM_RETRY_MS
        throw error
      })
      .finally(() => {
        this.#claiming = null
      })
    return this.#claiming
  }

  /** True when nobody is left to claim, under way or waiting for a retry: the campaign may be over. */
  get isDrained(): boolean {
    if (!this.#exhausted || this.#mayHaveLost || this.#suspectsLeft) return false
    return this.#lookAgainAt === Infinity && this.#ready.length === 0 && this.inFlight === 0
  }

  /** True when all that is left is due later. */
  get isWaiting(): boolean {
    const { idleForMs } = this
    return this.#ready.length === 0 && this.inFlight === 0 && idleForMs > 0 && idleForMs < Infinity
  }

  /** Milliseconds until a retry is due; 0 when there may be work now, Infinity when nothing is known to wait. */
  get idleForMs(): number {
    const dueAt = this.#exhausted && !this.#mayHaveLost && !this.#suspectsLeft ? this.#lookAgainAt : 0
    return Math.max(0, Math.max(dueAt, this.#claimNotBefore) - performance.now(), this.gate.closedForMs())
  }

  /** Something was settled as `retrying`, or someone says that there is more: look again after `ms`. */
  lookAgainIn(ms: number): void {
    this.#lookAgainAt = Math.min(this.#lookAgainAt, performance.now() + ms)
  }

  /**
   * The books say that somebody is still open, though nobody is known of: in `ms` looks for suspects and for claims whose
   * answer got lost, and then for everybody else.
   */
  mistrustIn(ms: number): void {
    this.#suspectsLeft = true
    this.#mayHaveLost = true
    this.#claimNotBefore = performance.now() + ms
    this.lookAgainIn(ms)
  }

  /**
   * The message for a claimed recipient; null when it must not leave because the lane is lost or the campaign was
   * stopped. Throws TEMPLATE_INVALID when it cannot be rendered.
   */
  async render(recipient: ClaimedRecipient): Promise<OutgoingMessage | null> {
    if (recipient.isSuspect && !(await this.#note(recipient, 'making'))) return null
    if (failpoints !== null) failpoints.passNow('during_render', recipient.phone)
    const made = this.#messages.make(recipient)
    const content = made instanceof Promise ? await made : made
    if (recipient.isSuspect && !(await this.#note(recipient, 'leaving'))) return null
    return {
      id: messageIdOf(this.campaign.messageTag, recipient.id, recipient.step),
      to: recipient.sendTo ?? recipient.phone.slice(1),
      content,
    }
  }

  async #note(suspect: ClaimedRecipient, step: SuspectStep): Promise<boolean> {
    const row = { campaignId: this.campaign.id, id: suspect.id }
    const isNoted = await noteSuspect(this.#db, this.#lane, row, step).catch(() => false)
    if (isNoted && step === 'leaving') suspect.resends += 1
    return isNoted
  }

  /**
   * Outside its window, or while its channel waits for the next day, a campaign holds nobody: who is claimed goes back,
   * and is claimed again later.
   */
  restWhileClosed(isChannelClosed: boolean): void {
    if (isChannelClosed || this.gate.closedForMs() > 0) this.#giveBackReady()
  }

  /** Leaves out those who are claimed, not under way, and suppressed by now. */
  async leaveOutSuppressed(): Promise<void> {
    const suppressed = await this.#suppressions.find(this.#ready.map(({ phone }) => phone))
    if (suppressed.size === 0) return
    const leaving = this.#ready.filter(({ phone }) => suppressed.has(phone))
    this.#ready = this.#ready.filter(({ phone }) => !suppressed.has(phone))
    for (const recipient of leaving) this.#settle(leaveOut(this.campaign.id, recipient))
  }

  /** Stops claiming and gives back what is claimed and not under way. What throws is to be repeated. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#claiming?.catch(() => undefined)
    while (this.#mayHaveLost) await this.#takeLost()
    this.#giveBackReady()
  }

  getEnhancedProgress(): ReturnType<typeof getEnhancedProgress> {
    return getEnhancedProgress(this.#db, this.campaign.userId, this.campaign.id)
  }

  #wantsMore(lowWater: number): boolean {
    if (this.#closed || performance.now() < this.#claimNotBefore || this.gate.closedForMs() > 0) return false
    if (this.#mayHaveLost) return this.#ready.length < lowWater
    if (this.#suspectsLeft) return this.#ready.length === 0 && this.inFlight === 0
    return this.#ready.length < lowWater && (!this.#exhausted || performance.now() >= this.#lookAgainAt)
  }

  #batchSize(minDelayMs: number): number {
    const gapMs = Math.max(this.gate.shortestGapMs, minDelayMs)
    return gapMs === 0 ? this.#maxBatch : Math.min(this.#maxBatch, Math.max(1, Math.floor(BATCH_HORIZON_MS / gapMs)))
  }

  async #claimNext(limit: number): Promise<void> {
    await this.#messages.prepare()
    if (this.#mayHaveLost) return this.#takeLost()
    // Until its answer is here, a claim may have been carried out unseen.
    this.#mayHaveLost = true
    await (this.#suspectsLeft ? this.#claimSuspect() : this.#claimBatch(limit))
  }

  async #claimBatch(limit: number): Promise<void> {
    const { version } = this.#suppressions
    const after = this.#after
    const { recipients, seen, last } = await claimRecipients(this.#db, this.#lane, this.campaign.id, { after, limit })
    if (failpoints !== null && recipients.length > 0) await failpoints.pass('after_claim')
    for (const recipient of await this.#withoutSuppressed(recipients, version)) this.#keep(recipient)
    this.#mayHaveLost = false
    if (last !== null) this.#after = Math.max(this.#after, last)
    if (this.#closed) this.#giveBackReady()
    else if (this.campaign.isSingle && seen > 0) this.#rest()
    else if (seen === limit) this.#exhausted = false
    else await this.#lookForRest(seen)
  }

  /** Fewer came than asked for: rows given back lie before the cursor, retries lie in the future. */
  async #lookForRest(seen: number): Promise<void> {
    if (seen > 0 || this.#after !== Number.MIN_SAFE_INTEGER) {
      this.#after = Number.MIN_SAFE_INTEGER
      this.#exhausted = false
      return
    }
    this.#rest()
    const dueInMs = await findNextRetryInMs(this.#db, this.campaign.userId, this.campaign.id)
    if (dueInMs !== null) this.lookAgainIn(Math.max(dueInMs, 0))
  }

  /** Nobody is left to claim, unless a settle or a look into the books says otherwise. */
  #rest(): void {
    this.#lookAgainAt = Infinity
    this.#exhausted = true
  }

  async #claimSuspect(): Promise<void> {
    const suspect = await claimSuspect(this.#db, this.#lane, this.campaign.id)
    if (failpoints !== null && suspect !== null) await failpoints.pass('after_claim')
    if (suspect === null) this.#suspectsLeft = false
    else for (const wanted of await this.#withoutSuppressed([suspect], NEVER_CHECKED)) this.#keepSuspect(wanted)
    this.#mayHaveLost = false
  }

  /** Takes up what was claimed without our seeing it: as good as claimed just now. */
  async #takeLost(): Promise<void> {
    const held = this.#held.idsOf(this.campaign.id)
    const limit = this.#maxBatch
    const lost = await findLostClaims(this.#db, this.#lane, this.campaign.id, { held, limit })
    for (const recipient of await this.#withoutSuppressed(lost, NEVER_CHECKED)) {
      if (recipient.isSuspect) this.#keepSuspect(recipient)
      else this.#keep(recipient)
    }
    this.#mayHaveLost = lost.length === limit
  }

  /** Those who may still be written to; `version`: of the list, when their claim began. The others are left out. */
  async #withoutSuppressed(recipients: ClaimedRecipient[], version: number): Promise<ClaimedRecipient[]> {
    let suppressed = new Set<string>()
    for (let known = version; known !== this.#suppressions.version;) {
      known = this.#suppressions.version
      suppressed = await this.#suppressions.find(recipients.map(({ phone }) => phone))
    }
    if (suppressed.size === 0) return recipients
    for (const recipient of recipients.filter(({ phone }) => suppressed.has(phone))) {
      this.#held.add(this.campaign.id, recipient.id)
      this.#settle(leaveOut(this.campaign.id, recipient))
    }
    return recipients.filter(({ phone }) => !suppressed.has(phone))
  }

  #keepSuspect(suspect: ClaimedRecipient): void {
    const isDeadly = suspect.startedDeaths >= MAX_STARTED_DEATHS
    if (!isDeadly && mayResend(this.rules, suspect)) return this.#keep(suspect)
    this.#held.add(this.campaign.id, suspect.id)
    // A message that was made once, or is not made at all because nothing is repeated, may have been sent.
    const isPoison = isDeadly && mayResend(this.rules, suspect) && suspect.resends === 0
    this.#settle(isPoison ? failFor(this.campaign.id, suspect, POISON) : giveUpAsUnknown(this.campaign.id, suspect))
  }

  #keep(recipient: ClaimedRecipient): void {
    this.#held.add(this.campaign.id, recipient.id)
    this.#ready.push(recipient)
  }

  #giveBackReady(): void {
    if (this.#ready.length === 0) return
    for (const recipient of this.#ready) this.#settle(giveBack(this.campaign.id, recipient))
    this.#ready = []
    // They lie before the cursor now.
    this.#after = Number.MIN_SAFE_INTEGER
    this.#exhausted = false
  }
}
