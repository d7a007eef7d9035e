import type { EventEmitter } from 'node:events'
import { Kysely, PostgresAdapter, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { Log } from '#server/lib/logger.ts'
import type { Database, Db } from './Database.ts'
import { refuseInsideTransaction } from './transaction.ts'
import { heedBudgets } from './waitBudget.ts'

export type ConnectionSettings =
  | { connectionString: string }
  | { host: string; port: number; user: string; database: string; password?: string }

export type PoolOptions = { log: Log; max: number; name: string; queryTimeoutMs?: number }

export type OpenDatabase = { db: Db; close: () => Promise<void> }

const INT8 = 20
const UTC = new Set(['UTC', 'Etc/UTC'])

// pg gives int8 and count(*) as text; ours fit a number, and one that does not must not lose digits silently.
pg.types.setTypeParser(INT8, (text) => {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError('An int8 beyond 2^53 came from the database.')
  return value
})

/**
 * Opens a pool and a Kysely on it. Nothing is connected yet; where the address is still being made, the first query
 * waits for it, and fails as it fails.
 *
 * A black-holed socket hangs for ever in `pg` unless `query_timeout` (client side) and `connectionTimeoutMillis` are
 * set; `statement_timeout` does not help there, because the server's answer never arrives. A query that timed out ends
 * its connection (see `endAfterTimeout`). A backend that is terminated emits `error` on idle and on checked-out clients
 * alike; without both listeners the process dies.
 */
export function openDatabase(
  connection: ConnectionSettings | Promise<ConnectionSettings>,
  options: PoolOptions,
): OpenDatabase {
  const pool = async () => heedBudgets(openPool(await connection, options))
  const db = new Kysely<Database>({ dialect: new PooledDialect({ pool }) })
  refuseInsideTransaction(db)
  return { db, close: () => db.destroy() }
}

class PooledDialect extends PostgresDialect {
  override createAdapter(): PostgresAdapter {
    return new PooledAdapter()
  }
}

/**
 * Kysely's own lock of migrations belongs to the session. Behind a pooler the unlocking may reach another session than
 * the locking: then every later start waits until the pooler closes the first. `migrate` takes one that ends with its
 * transaction.
 */
class PooledAdapter extends PostgresAdapter {
  override async acquireMigrationLock(): Promise<void> {
    // Taken before.
  }

  override async releaseMigrationLock(): Promise<void> {
    // Committing or rolling back does it.
  }
}

function openPool(connection: ConnectionSettings, options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    ...connection,
    max: options.max,
    application_name: `revoada-${options.name}`,
    connectionTimeoutMillis: 3000,
    query_timeout: options.queryTimeoutMs ?? 5000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    Client: ZonedClient,
    // The pool waits for the promise, which its types do not say.
    onConnect: beginInUtc as (client: pg.ClientBase) => void,
  })
  const onError = (error: Error) => options.log.warn({ err: error, pool: options.name }, 'database connection lost')
  pool.on('error', onError)
  pool.on('connect', (client) => {
    client.on('error', onError)
    endAfterTimeout(client as pg.Client)
  })
  return pool
}

/**
 * `pg` gives a connection whose query timed out back to the pool, where it stays busy until the server answers: never,
 * when a firewall has forgotten the connection. Every later query that draws it would time out too.
 */
function endAfterTimeout(client: pg.Client): void {
  const query = client.query.bind(client) as (...parts: unknown[]) => unknown
  const watched = (...parts: unknown[]): unknown => {
    const answer = query(...parts)
    // Attached before anybody else can wait for it, so that the connection is ended before it is given back.
    if (answer instanceof Promise) {
      answer.catch((error: unknown) => {
        if (hasTimedOut(error)) client.end().catch(() => undefined)
      })
    }
    return answer
  }
  client.query = watched as typeof client.query
}

function hasTimedOut(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout'
}

/**
 * Knows in which time zone its session began. Ours is UTC; it is not asked for in the first message of the connection,
 * because a pooler in between (PgBouncer) refuses connections with such options. It does keep the zone of a session.
 */
class ZonedClient extends pg.Client {
  timeZone = ''

  constructor(config?: string | pg.ClientConfig) {
    super(config)
    const { connection } = this as unknown as { connection: EventEmitter }
    connection.on('parameterStatus', (status: { parameterName: string; parameterValue: string }) => {
      if (status.parameterName === 'TimeZone') this.timeZone = status.parameterValue
    })
  }
}

async function beginInUtc(client: pg.ClientBase): Promise<void> {
  if (!UTC.has((client as ZonedClient).timeZone)) await client.query(`set timezone to 'UTC'`)
}
