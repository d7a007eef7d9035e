import type { SendFailure } from '#server/channels/gateways/Gateway.ts'

const OPENS_AFTER = 5
const PROBE_EVERY_MS = 30_000
const GIVES_UP_AFTER_MS = 60_000

/**
 * Stops hammering a gateway that does not answer. States: closed → open after 5 failures in a row (one request every
 * 30 s tries whether it is back) → closed with the first success. Open for 60 s without success means that the
 * channel is disconnected. Only failures that speak of the gateway count, not those of a recipient.
 */
export class Breaker {
  #failures = 0
  #failingSince: number | null = null
  #probeAt = 0

  get isOpen(): boolean {
    return this.#failures >= OPENS_AFTER
  }

  /** Whether a request may start now (monotonic `now` in ms); while open only the probe, with nothing else under way. */
  allows(now: number, inFlight: number): boolean {
    return !this.isOpen || (inFlight === 0 && now >= this.#probeAt)
  }

  /** Milliseconds until the next probe; 0 when closed. */
  waitMs(now: number): number {
    return this.isOpen ? Math.max(0, this.#probeAt - now) : 0
  }

  succeeded(): void {
    this.#failures = 0
    this.#failingSince = null
  }

  /** True when the gateway has been silent for so long that the channel counts as disconnected. */
  failed(failure: SendFailure, now: number): boolean {
    if (failure.category !== 'TIMEOUT' && failure.category !== 'SERVER_BUSY') {
      this.succeeded()
      return false
    }
    this.#failures += 1
    this.#failingSince ??= now
    this.#probeAt = now + PROBE_EVERY_MS
    return this.isOpen && now - this.#failingSince >= GIVES_UP_AFTER_MS
  }
}
