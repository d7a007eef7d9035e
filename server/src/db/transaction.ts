import { AsyncLocalStorage } from 'node:async_hooks'
import { sql } from 'kysely'
import { failpoints } from '#server/lib/failpoints.ts'
import type { Db, Trx } from './Database.ts'

const inside = new AsyncLocalStorage<boolean>()

/**
 * Runs `work` in one transaction. Inside, only `trx` may be used: the outer `db` would leave the transaction and can
 * drain the pool until nothing moves, so it throws there.
 */
export function transaction<T>(db: Db, work: (trx: Trx) => Promise<T>): Promise<T> {
  return db.transaction().execute(async (trx) => {
    const result = await inside.run(true, () => work(trx))
    if (failpoints !== null) await failpoints.pass('before_commit')
    return result
  })
}

/**
 * Runs `work` so that its failure undoes only what it did itself, and not the transaction around it. Returns what it
 * threw, null if nothing; throws only when the transaction cannot go on.
 */
export async function tryWithin(trx: Trx, work: () => Promise<void>): Promise<unknown> {
  await sql`savepoint attempt`.execute(trx)
  try {
    await work()
    await sql`release savepoint attempt`.execute(trx)
    return null
  } catch (error) {
    await sql`rollback to savepoint attempt`.execute(trx)
    return error
  }
}

/**
 * Runs `work` as if no transaction were under way around it: for what must be asked at once, over a pool of its own that
 * no transaction can drain.
 */
export function besideTransaction<T>(work: () => Promise<T>): Promise<T> {
  return inside.exit(work)
}

/** Makes any use of `db` within `transaction()` an error. Called once, when the database is opened. */
export function refuseInsideTransaction(db: Db): void {
  const executor = db.getExecutor()
  const provide = executor.provideConnection.bind(executor)
  executor.provideConnection = (consumer) => {
    if (inside.getStore() === true) throw new Error('The database was used outside its transaction; use trx.')
    return provide(consumer)
  }
}

const SERIALIZATION_FAILURE = '40001'
const DEADLOCK_DETECTED = '40P01'

/** Repeats `work` while PostgreSQL asks for it (deadlock, serialization failure), at most `attempts` times. */
export async function retryOnConflict<T>(work: () => Promise<T>, attempts = 5): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      const code = (error as { code?: unknown }).code
      if (attempt >= attempts || (code !== SERIALIZATION_FAILURE && code !== DEADLOCK_DETECTED)) throw error
    }
  }
}
