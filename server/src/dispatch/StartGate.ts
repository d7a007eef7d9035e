import type { Lane } from '#server/channels/channelLane.ts'
import type { Gateway, SendFailure } from '#server/channels/gateways/Gateway.ts'
import { Breaker } from './Breaker.ts'
import type { PaceGate } from './PaceGate.ts'

/**
 * May the next request of a channel start now? Trust in the lease, the slot that the pace leaves, the back-off that the
 * gateway asked for, and the breaker; all on the monotonic clock of this process. The lane row keeps slot and back-off
 * for whoever holds the channel next.
 */
export class StartGate {
  readonly #breaker = new Breaker()
  #minDelayMs = 0
  #limits: Gateway['limits'] | null = null
  #trustedUntil: number
  #nextSlotAt: number
  #backOffUntil: number
  #lastStart: { pace: PaceGate; at: number } | null = null

  /** Goes on where the lane row says that the last holder stopped. `trustedUntil`: see `trustUntil`. */
  constructor(lane: Lane, trustedUntil: number) {
    this.#trustedUntil = trustedUntil
    this.#nextSlotAt = performance.now() + lane.nextSlotInMs
    this.#backOffUntil = performance.now() + lane.backOffInMs
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
    if (this.#lastStart === null) return
    const { pace, at } = this.#lastStart
    this.#nextSlotAt = Math.min(this.#nextSlotAt, at + this.#pauseOf(pace.longestGapMs))
  }

  /** Whether a request may start while `inFlight` others are under way. */
  isOpen(inFlight: number): boolean {
    const now = performance.now()
    return (
      this.#limits !== null &&
      inFlight < this.#limits.maxInFlight &&
      now < this.#trustedUntil &&
      now >= this.#nextSlotAt &&
      now >= this.#backOffUntil &&
      this.#breaker.allows(now, inFlight)
    )
  }

  /** A request starts now: draws the pause after it and returns that pause in ms. */
  started(pace: PaceGate): number {
    const delayMs = this.#pauseOf(pace.drawGapMs())
    const at = performance.now()
    this.#lastStart = { pace, at }
    if (delayMs > 0) this.#nextSlotAt = at + delayMs
    return delayMs
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

  /** Milliseconds until slot, back-off and breaker let the next request through; not above 0 when they do now. */
  get closedForMs(): number {
    const now = performance.now()
    return Math.max(this.#nextSlotAt - now, this.#backOffUntil - now, this.#breaker.waitMs(now))
  }

  /** What the campaign asks for, and never less than the channel and its gateway do. */
  #pauseOf(gapMs: number): number {
    const maxPerSecond = this.#limits?.maxPerSecond ?? Infinity
    return Math.max(gapMs, this.#minDelayMs, 1000 / maxPerSecond)
  }
}
