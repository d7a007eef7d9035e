import { AsyncResource } from 'node:async_hooks'
import { AppError } from './AppError.ts'

export type BatcherOptions<I, O> = {
  /** One result per item, in their order. What it throws is thrown at everybody in the batch. */
  work: (items: I[]) => Promise<O[]>
  maxBatch: number
  /** Items that may wait beside the batch under way. */
  maxWaiting: number
  /** Nobody waits longer, in ms, whatever becomes of the batch. */
  waitMs: number
}

type Waiting<I, O> = { item: I; promise: PromiseWithResolvers<O> }

const RETRY_AFTER_S = 1

/**
 * Does for many at once what each would do for itself: one batch is under way at a time, and whatever comes meanwhile
 * goes with the next. An item that finds no room, or is not answered in time, is refused with UNAVAILABLE; one whose
 * batch had begun may still have been done.
 */
export class Batcher<I, O> {
  readonly #options: BatcherOptions<I, O>
  readonly #queue = new Set<Waiting<I, O>>()
  readonly #start: () => void
  #isRunning = false

  constructor(options: BatcherOptions<I, O>) {
    this.#options = options
    // A batch belongs to nobody: what the first caller may still wait for must not bind the others.
    this.#start = AsyncResource.bind(() => void this.#run())
  }

  async add(item: I): Promise<O> {
    const { maxWaiting, waitMs } = this.#options
    if (this.#queue.size >= maxWaiting) throw busy()
    const waiting: Waiting<I, O> = { item, promise: Promise.withResolvers<O>() }
    this.#queue.add(waiting)
    const timer = setTimeout(() => {
      this.#queue.delete(waiting)
      waiting.promise.reject(busy())
    }, waitMs)
    if (!this.#isRunning) this.#start()
    try {
      return await waiting.promise.promise
    } finally {
      clearTimeout(timer)
    }
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    while (this.#queue.size > 0) {
      const batch = [...this.#queue].slice(0, this.#options.maxBatch)
      for (const waiting of batch) this.#queue.delete(waiting)
      await this.#work(batch)
    }
    this.#isRunning = false
  }

  async #work(batch: Waiting<I, O>[]): Promise<void> {
    try {
      const results = await this.#options.work(batch.map(({ item }) => item))
      for (const [index, { promise }] of batch.entries()) promise.resolve(results[index] as O)
    } catch (error) {
      for (const { promise } of batch) promise.reject(error)
    }
  }
}

function busy(): AppError {
  return new AppError('UNAVAILABLE', { details: { retryAfterSeconds: RETRY_AFTER_S } })
}
