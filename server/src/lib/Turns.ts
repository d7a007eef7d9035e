import { AppError } from './AppError.ts'

/** Work that takes much memory or time, a few at once; the rest waits in line, the first first. */
export class Turns {
  readonly #atOnce: number
  readonly #mayWait: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor({ atOnce, mayWait }: { atOnce: number; mayWait: number }) {
    this.#atOnce = atOnce
    this.#mayWait = mayWait
  }

  /** What `work` returns or throws. Throws UNAVAILABLE at once when the line is too long already. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#atOnce) this.#running += 1
    else await this.#wait()
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      // The place goes over to the next one; nobody who comes just now can take it.
      if (next === undefined) this.#running -= 1
      else next()
    }
  }

  async #wait(): Promise<void> {
    if (this.#waiting.length >= this.#mayWait) {
      throw new AppError('UNAVAILABLE', { details: { retryAfterSeconds: 2 } })
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}
