import { isDatabaseDown } from '#server/db/isDatabaseDown.ts'
import { AppError } from '#server/lib/AppError.ts'
import { Batcher, type BatcherOptions } from '#server/lib/Batcher.ts'
import type { Log } from '#server/lib/logger.ts'

/** A commit takes as long for one as for many. */
const MAX_BATCH = 500
const MAX_WAITING = 1000

/**
 * One question to the database for many calls, over one connection of the pool: a storm of calls leaves the others to
 * those who send. A database that is away is logged once for all of them, and each is told to come again.
 */
export function hookBatcher<I, O>(log: Log, options: Pick<BatcherOptions<I, O>, 'work' | 'waitMs'>): Batcher<I, O> {
  const work = async (items: I[]): Promise<O[]> => {
    try {
      return await options.work(items)
    } catch (error) {
      if (!isDatabaseDown(error)) throw error
      log.error({ err: error, calls: items.length }, 'webhooks refused: the database is out of reach')
      throw new AppError('UNAVAILABLE', { details: { retryAfterSeconds: 1 } })
    }
  }
  return new Batcher({ work, waitMs: options.waitMs, maxBatch: MAX_BATCH, maxWaiting: MAX_WAITING })
}
