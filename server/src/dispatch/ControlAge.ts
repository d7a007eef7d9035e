/** A request needs to know that its campaign still ran this short a time ago. */
const MAX_AGE_MS = 250
/** While messages leave, the state is asked for this often, so that no request has to wait for it. */
const ASK_EVERY_MS = 150
/** However slow the database is: nobody who cancels a campaign waits longer than this for it to be seen. */
const SLOWEST_AGE_MS = 2000

/**
 * How old is what we know of the campaigns' state? Where the database is far away an answer is old when it arrives: it
 * then holds until the next can be here. That costs no promise, because a pause is answered only when we have let go.
 */
export class ControlAge {
  #askedAt = -Infinity
  #maxAgeMs = MAX_AGE_MS

  /** Whether it is time to ask again. */
  get isDue(): boolean {
    return performance.now() - this.#askedAt >= ASK_EVERY_MS
  }

  /** Whether a request may rely on it. */
  get isFresh(): boolean {
    return performance.now() - this.#askedAt < this.#maxAgeMs
  }

  /** How long may be waited before asking again, in ms. */
  get restMs(): number {
    return ASK_EVERY_MS
  }

  /** What was asked at `askedAt` (monotonic ms) is known now. */
  learned(askedAt: number): void {
    const tookMs = performance.now() - askedAt
    this.#askedAt = askedAt
    this.#maxAgeMs = Math.min(Math.max(MAX_AGE_MS, 2 * tookMs + ASK_EVERY_MS), SLOWEST_AGE_MS)
  }

  /** Something may have changed: nothing starts before the state has been asked for again. */
  spoil(): void {
    this.#askedAt = -Infinity
  }
}
