import type { Log } from './logger.ts'

const LOOK_EVERY_MS = 250
const STALLED_FROM_MS = 1000

/**
 * Notices when the event loop did not turn for more than a second: a computation that was too long, or a process that
 * was stopped. Nobody could renew a lease meanwhile, because renewals run on the same loop.
 */
export class LoopWatch {
  readonly #log: Log
  #timer: NodeJS.Timeout | null = null
  #expectedAt = 0
  #mostMs = 0

  constructor(log: Log) {
    this.#log = log
  }

  start(): void {
    if (this.#timer !== null) return
    this.#expectedAt = performance.now() + LOOK_EVERY_MS
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS).unref()
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  /** The longest delay of the event loop since this was last asked, in ms. */
  takeMostMs(): number {
    const mostMs = this.#mostMs
    this.#mostMs = 0
    return mostMs
  }

  #look(): void {
    const now = performance.now()
    const lateMs = Math.max(0, Math.round(now - this.#expectedAt))
    this.#expectedAt = now + LOOK_EVERY_MS
    this.#mostMs = Math.max(this.#mostMs, lateMs)
    if (lateMs >= STALLED_FROM_MS) this.#log.warn({ ms: lateMs }, 'event loop stalled')
  }
}
