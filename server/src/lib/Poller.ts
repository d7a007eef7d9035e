import type { Log } from './logger.ts'

/**
 * Runs `work` again and again: at once when nudged or when the last round asked for more, else every `intervalMs`.
 * Never two rounds at a time. A round that throws is logged and the next one comes after `retryMs` (the interval, if not
 * given). Starting twice and stopping twice are fine; `stop` returns when the round under way has ended.
 */
export class Poller {
  readonly #work: () => Promise<boolean | void>
  readonly #intervalMs: number
  readonly #retryMs: number
  readonly #log: Log
  #running = false
  #nudged = false
  #wake: (() => void) | null = null
  #loop: Promise<void> = Promise.resolve()

  /** `work` returns true when there is more to do right away. */
  constructor(options: { work: () => Promise<boolean | void>; intervalMs: number; retryMs?: number; log: Log }) {
    this.#work = options.work
    this.#intervalMs = options.intervalMs
    this.#retryMs = Math.min(options.retryMs ?? options.intervalMs, options.intervalMs)
    this.#log = options.log
  }

  start(): void {
    if (this.#running) return
    this.#running = true
    // After the one before: a start right after a stop must not put a second round beside the one that is ending.
    this.#loop = this.#loop.then(() => this.#run())
  }

  async stop(): Promise<void> {
    this.#running = false
    this.#wake?.()
    await this.#loop
  }

  nudge(): void {
    this.#nudged = true
    this.#wake?.()
  }

  async #run(): Promise<void> {
    while (this.#running) {
      this.#nudged = false
      const pauseMs = await this.#round()
      if (this.#running && pauseMs > 0 && !this.#nudged) await this.#pause(pauseMs)
    }
  }

  /** One round; how long to wait before the next, in ms. */
  async #round(): Promise<number> {
    try {
      return (await this.#work()) === true ? 0 : this.#intervalMs
    } catch (error) {
      this.#log.error({ err: error }, 'round failed, will be repeated')
      return this.#retryMs
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        this.#wake = null
        resolve()
      }
      const timer = setTimeout(wake, ms)
      this.#wake = wake
    })
  }
}
