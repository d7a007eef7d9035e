import { AsyncLocalStorage } from 'node:async_hooks'
import type { PostgresPool, PostgresPoolClient } from 'kysely'

/**
 * How long somebody who waits for an answer may wait for connections, all statements together, in ms: a request asks the
 * database several times, and each time could wait for the whole time that the pool allows.
 */
const MOST_MS = 2200

/** Who has used up the budget still gets a connection that is free. */
const LEAST_MS = 20

/** The same text as the pool's own: see isDatabaseDown. */
const TOO_LATE = 'timeout exceeded when trying to connect'

/** Time comes back as it passes, so that a long upload that waits now and then is not refused at its end. */
export class WaitBudget {
  #leftMs = MOST_MS
  #at = performance.now()

  get leftMs(): number {
    return Math.min(MOST_MS, this.#leftMs + performance.now() - this.#at)
  }

  spend(leftBefore: number, waitedMs: number): void {
    this.#leftMs = leftBefore - waitedMs
    this.#at = performance.now()
  }
}

const current = new AsyncLocalStorage<WaitBudget>()

/** Runs `work`; what it does with the database waits no longer for connections than the budget allows. */
export function withWaitBudget<T>(budget: WaitBudget, work: () => T): T {
  return current.run(budget, work)
}

/** The pool, for work within a budget and for work without one. */
export function heedBudgets(pool: PostgresPool): PostgresPool {
  const connect = async (): Promise<PostgresPoolClient> => {
    const budget = current.getStore()
    return budget === undefined ? pool.connect() : connectWithin(pool, budget)
  }
  return { options: pool.options, connect, end: () => pool.end() }
}

async function connectWithin(pool: PostgresPool, budget: WaitBudget): Promise<PostgresPoolClient> {
  const leftMs = Math.max(LEAST_MS, budget.leftMs)
  const askedAt = performance.now()
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(TOO_LATE)), leftMs)
  const connecting = pool.connect()
  try {
    return await Promise.race([connecting, late])
  } catch (error) {
    // It may still come; nobody wants it any more.
    connecting.then((client) => client.release()).catch(() => undefined)
    throw error
  } finally {
    clearTimeout(timer)
    budget.spend(leftMs, performance.now() - askedAt)
  }
}
