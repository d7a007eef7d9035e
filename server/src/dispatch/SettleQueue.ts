import { isDatabaseDown } from '#server/db/isDatabaseDown.ts'
import { failpoints } from '#server/lib/failpoints.ts'
import type { Log } from '#server/lib/logger.ts'
import type { PaceMark, Settlement, SettleResult } from '#server/recipients/settleRecipients.ts'

/** Rows of one statement; more wait for the next round. */
const MAX_ROWS = 500
const RETRY_MS = 250

type Options = {
  settle: (rows: Settlement[], pace: PaceMark) => Promise<SettleResult>
  /** Called once when the database says that the lane is not ours any more. */
  onLost: () => void
  /** Called after each round that was written, with its rows. */
  onSettled: (rows: Settlement[]) => void
  /** Called with every error of the database; the statement will be repeated all the same. */
  onRefused: (error: unknown) => void
  log: Log
}

/**
 * Group commit: one settle under way at a time, and each takes whatever has been answered since the last. Under load
 * the groups grow by themselves, a single answer never waits for a batch to fill. While the database is out of reach
 * the outcomes are kept and the same statement is repeated.
 */
export class SettleQueue {
  readonly #options: Options
  #waiting: Settlement[] = []
  #pace: PaceMark = { nextSlotInMs: null, backOffInMs: null }
  #paceSetAt = 0
  #flushing: Promise<void> | null = null
  #closed = false

  constructor(options: Options) {
    this.#options = options
  }

  /** Outcomes not yet written. */
  get size(): number {
    return this.#waiting.length + (this.#flushing === null ? 0 : 1)
  }

  push(settlement: Settlement): void {
    if (this.#closed) return
    this.#waiting.push(settlement)
    this.#flushing ??= this.#flush()
  }

  /** Remembers when the channel may send again; it goes out with the next settle. */
  markPace(mark: Partial<PaceMark>): void {
    this.#pace = { ...this.#pace, ...mark }
    this.#paceSetAt = performance.now()
  }

  /** Resolves when everything pushed so far is written, or the lane was lost. */
  async drain(): Promise<void> {
    while (this.#flushing !== null) await this.#flushing
  }

  /** Forgets what is not written: the rows stay in `sending` and the next holder of the lane sees to them. */
  close(): void {
    this.#closed = true
    this.#waiting = []
  }

  async #flush(): Promise<void> {
    // Everything answered in this turn of the event loop goes into the same statement.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#waiting.length > 0) {
      const rows = this.#waiting.splice(0, MAX_ROWS)
      const pace = this.#takePace()
      if (!(await this.#write(rows, pace))) break
    }
    this.#flushing = null
  }

  async #write(rows: Settlement[], pace: PaceMark): Promise<boolean> {
    while (!this.#closed) {
      try {
        if (failpoints !== null) await failpoints.pass('before_settle')
        const { authorised, unlogged } = await this.#options.settle(rows, pace)
        if (unlogged !== null) this.#options.log.error({ err: unlogged }, 'error log not written')
        if (authorised) this.#options.onSettled(rows)
        else this.#lose()
        return authorised
      } catch (error) {
        const level = isDatabaseDown(error) ? 'warn' : 'error'
        this.#options.log[level]({ err: error, rows: rows.length }, 'settle failed, will be repeated')
        this.#options.onRefused(error)
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
    return false
  }

  #lose(): void {
    this.close()
    this.#options.onLost()
  }

  /** The marks are relative to when they were set; a slot that lies in the past needs no remembering. */
  #takePace(): PaceMark {
    const age = performance.now() - this.#paceSetAt
    const remaining = (ms: number | null) => (ms === null || ms <= age ? null : ms - age)
    const pace = { nextSlotInMs: remaining(this.#pace.nextSlotInMs), backOffInMs: remaining(this.#pace.backOffInMs) }
    this.#pace = { nextSlotInMs: null, backOffInMs: null }
    return pace
  }
}
