import type { Lane } from '#server/channels/channelLane.ts'
import type { Gateway, SendFailure } from '#server/channels/gateways/Gateway.ts'
import { Breaker } from './Breaker.ts'
import type { DailyCap } from './DailyCap.ts'
import type { PaceGate } from './PaceGate.ts'

/**
 * May the next request of a channel start now? Trust in the lease, the slot that the pace leaves, the back-off that the
 * gateway asked for, the breaker and the daily cap; all on the monotonic clock of this process. The lane row keeps slot and back-off
 * for whoever holds the channel next.
 */
export class StartGate {
  readonly #breaker = new Breaker()
  readonly #cap: DailyCap
  #minDelayMs = 0
  #limits: Gateway['limits'] | null = null
  #trustedUntil: number
  /** When the next message of a campaign may start; never before a single one may. */
  #nextSlotAt: number
  /** Single messages wait for the channel's own minimum only, whatever the campaign before them has drawn. */
  #nextSingleAt: number
  #backOffUntil: number
  #lastStart: { pace: PaceGate; at: number } | null = null
  /** The least that follows the last start, whatever it was. */
  #lastGap: { ms: number; at: number }

  /** Goes on where the lane row says that the last holder stopped. `trustedUntil`: see `trustUntil`. */
  constructor(lane: Lane, trustedUntil: number, cap: DailyCap) {
    this.#cap = cap
    this.#trustedUntil = trustedUntil
    const now = performance.now()
    this.#nextSlotAt = now + lane.nextSlotInMs
    this.#nextSingleAt = this.#nextSlotAt
    this.#backOffUntil = now + lane.backOffInMs
    // The last holder started something at this moment at the latest.
    this.#lastGap = { ms: 0, at: now }
  }

  /** The channel's own minimum pause. */
  get minDelayMs(): number {
    return this.#minDelayMs
  }

  /** The lease was renewed: requests may start until `until` (monotonic ms). */
  trustUntil(until: number): void {
    this.#trustedUntil = until
  }

  /** What channel and gateway ask for may have changed since the last look. */
  follow(minDelayMs: number, limits: Gateway['limits']): void {
    this.#minDelayMs = minDelayMs
    this.#limits = limits
  }

  /** A pause that was drawn at a slower pace ends when the present one would end at the latest. */
  shortenPause(): void {
    this.#nextSingleAt = Math.min(this.#nextSingleAt, this.#lastGap.at + this.#pauseOf(this.#lastGap.ms))
    if (this.#lastStart === null) return
    const { pace, at } = this.#lastStart
    const nextSlotAt = Math.min(this.#nextSlotAt, at + this.#pauseOf(pace.longestGapMs))
    this.#nextSlotAt = Math.max(nextSlotAt, this.#nextSingleAt)
  }

  /** How many requests the channel's own pace lets start within `ms`, at least one. */
  startableWithin(ms: number): number {
    return Math.max(1, Math.floor(ms / this.#pauseOf(0)))
  }

  /** Whether the pace lets a campaign follow as well, where `isOpen` lets a single message. */
  get isOpenForCampaigns(): boolean {
    return performance.now() >= this.#nextSlotAt
  }

  /** Whether the lease still counts as ours; asked once more right before a request leaves. */
  get isTrusted(): boolean {
    return performance.now() < this.#trustedUntil
  }

  /** Whether a request may start while `inFlight` others are under way: a single message at least. */
  isOpen(inFlight: number): boolean {
    const now = performance.now()
    return (
      this.#limits !== null &&
      inFlight < this.#limits.maxInFlight &&
      this.isTrusted &&
      now >= this.#nextSingleAt &&
      now >= this.#backOffUntil &&
      this.#breaker.allows(now, inFlight) &&
      this.#cap.allows
    )
  }

  /**
   * A request starts now: draws the pause after it. Returns for how long campaigns have to wait altogether, in ms: a
   * single message does not shorten the pause that a campaign has drawn.
   */
  started(pace: PaceGate, isSingle: boolean): number {
    const at = performance.now()
    const endsAt = at + this.#pauseOf(pace.drawGapMs())
    this.#lastGap = { ms: isSingle ? pace.longestGapMs : 0, at }
    this.#nextSingleAt = isSingle ? endsAt : at + this.#pauseOf(0)
    this.#nextSlotAt = isSingle ? Math.max(this.#nextSlotAt, endsAt) : endsAt
    if (!isSingle) this.#lastStart = { pace, at }
    return this.#nextSlotAt - at
  }

  /** The whole channel waits; returns for how long altogether, in ms. */
  backOff(ms: number): number {
    const now = performance.now()
    this.#backOffUntil = Math.max(this.#backOffUntil, now + ms)
    return this.#backOffUntil - now
  }

  succeeded(): void {
    this.#breaker.succeeded()
  }

  /** True when the gateway has been silent for so long that the channel counts as disconnected. */
  failed(failure: SendFailure): boolean {
    return this.#breaker.failed(failure, performance.now())
  }

  /** Milliseconds until slot, back-off, breaker and cap let the next request through; not above 0 when they do now. */
  closedForMs(isSingle: boolean): number {
    const now = performance.now()
    const slotAt = isSingle ? this.#nextSingleAt : this.#nextSlotAt
    return Math.max(slotAt - now, this.#backOffUntil - now, this.#breaker.waitMs(now), this.#cap.closedForMs)
  }

  /** What the campaign asks for, and never less than the channel and its gateway do. */
  #pauseOf(gapMs: number): number {
    const maxPerSecond = this.#limits?.maxPerSecond ?? Infinity
    return Math.max(gapMs, this.#minDelayMs, 1000 / maxPerSecond)
  }
}
