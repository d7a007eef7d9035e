import type { CapShare } from '#server/channels/channelCap.ts'
import type { Log } from '#server/lib/logger.ts'

/** After a question that the database did not answer, or that came too late for the lane. */
const RETRY_MS = 250

export type DailyCapDeps = {
  /** Null when the lane is not ours any more. */
  reserve: (count: number) => Promise<CapShare | null>
  giveBack: (day: string, count: number) => Promise<void>
  log: Log
}

/** The day that a request was counted for; null without a cap. */
export type CapTicket = string | null

/**
 * What this lane may still send today. It asks the database for a few requests ahead; only what was promised there may
 * start, so a crash lets a few less leave and never one more. A request that surely did not leave is given back.
 */
export class DailyCap {
  readonly #deps: DailyCapDeps
  #cap: number | null = null
  #block = 1
  #available = 0
  #day = ''
  #dayEndsAt = -Infinity
  #usedUp = false
  #askAgainAt = -Infinity
  #asking: Promise<void> | null = null

  constructor(deps: DailyCapDeps) {
    this.#deps = deps
  }

  /** The cap as the channel's row has it; `block`: requests that are asked for at once, which a crash may cost. */
  follow(cap: number | null, block: number): void {
    this.#block = block
    if (cap === this.#cap) return
    this.#cap = cap
    this.#usedUp = false
    this.#askAgainAt = -Infinity
    // Promised under another cap. Nothing is asked for before it is back, else there would seem to be less.
    if (this.#available > 0 && this.#asking === null) void this.#occupy(this.#giveBackRest())
  }

  /** How long the channel waits for the next day, in ms; not above 0 while there may be something left of this one. */
  get closedForMs(): number {
    return this.#cap !== null && this.#usedUp ? this.#dayEndsAt - performance.now() : 0
  }

  /** Whether a request may start now. */
  get allows(): boolean {
    if (this.#cap === null) return true
    return this.#available > 0 && performance.now() < this.#dayEndsAt
  }

  /** A request starts. */
  take(): CapTicket {
    if (this.#cap === null) return null
    this.#available -= 1
    return this.#day
  }

  /** It surely did not leave: another may instead, if the day is still the same. */
  refund(ticket: CapTicket): void {
    if (ticket === null || ticket !== this.#day) return
    this.#available += 1
    this.#usedUp = false
  }

  /** Asks for more when nothing is left; null when there is no need, or it has been asked already. */
  replenish(): Promise<void> | null {
    if (this.#cap === null || this.allows || this.closedForMs > 0) return null
    if (this.#asking !== null || performance.now() < this.#askAgainAt) return null
    return this.#occupy(this.#ask(this.#cap))
  }

  /** Gives back what is left. What cannot be given back is lost for the day. */
  async close(): Promise<void> {
    await this.#asking
    await this.#giveBackRest()
  }

  #occupy(work: Promise<void>): Promise<void> {
    this.#asking = work.finally(() => {
      this.#asking = null
    })
    return this.#asking
  }

  async #giveBackRest(): Promise<void> {
    const left = this.#available
    this.#available = 0
    if (left === 0) return
    try {
      await this.#deps.giveBack(this.#day, left)
    } catch (error) {
      this.#deps.log.warn({ err: error, left }, 'rest of the daily cap not given back')
    }
  }

  async #ask(cap: number): Promise<void> {
    // Counted from before the question, so that our day ends no later than that of the database.
    const askedAt = performance.now()
    this.#askAgainAt = askedAt + RETRY_MS
    const share = await this.#deps.reserve(this.#block).catch((error: unknown) => {
      this.#deps.log.warn({ err: error }, 'daily cap not known, will be asked again')
      return null
    })
    if (share === null) return
    // What is left of a former day is not good for this one.
    if (share.day !== this.#day) this.#available = 0
    this.#day = share.day
    this.#dayEndsAt = askedAt + share.turnsInMs
    this.#available += share.granted
    // The cap may have been raised while the database answered.
    this.#usedUp = share.granted === 0 && this.#available === 0 && cap === this.#cap
    this.#askAgainAt = -Infinity
    if (this.#usedUp) this.#deps.log.info({ cap: this.#cap, day: share.day }, 'daily cap reached')
  }
}
