import { existsSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { setTimeout as sleep } from 'node:timers/promises'
import { DATABASE, type PostgresConnection } from './PostgresConnection.ts'

/** A server that starts, recovers or shuts down answers with these; the texts are what `pg` says without a code. */
const NOT_YET = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', '57P01', '57P02', '57P03'])
const CUT_OFF = /Connection terminated|timeout expired/

/** Every client is taken: then it certainly runs. */
const TOO_MANY_CONNECTIONS = '53300'
const NO_SUCH_DATABASE = '3D000'

/**
 * Asks in a tight loop until the database answers, and makes the product's database in a new cluster.
 * False when `isGivenUp` says so before. Throws what a running server refuses with.
 */
export async function waitUntilReady(connection: PostgresConnection, isGivenUp: () => boolean): Promise<boolean> {
  for (;;) {
    if (isGivenUp()) return false
    if (!mayBeListening(connection)) {
      await sleep(3)
      continue
    }
    const refusal = await tryConnecting(connection)
    if (refusal === null) return true
    if (refusal === NO_SUCH_DATABASE) await createDatabase(connection)
    else await sleep(10)
  }
}

async function tryConnecting(connection: PostgresConnection): Promise<string | null> {
  const client = newClient(connection)
  try {
    await client.connect()
    await client.query('select 1')
    return null
  } catch (error) {
    const { code = '', message } = error as { code?: string; message: string }
    if (code === TOO_MANY_CONNECTIONS) return null
    if (code === NO_SUCH_DATABASE || NOT_YET.has(code) || CUT_OFF.test(message)) return code || 'cut off'
    throw error
  } finally {
    await client.end().catch(() => {})
  }
}

/** A new cluster comes with an empty database of another name: renaming it takes 1 ms, making one of our own 290. */
async function createDatabase(connection: PostgresConnection): Promise<void> {
  const client = newClient({ ...connection, database: 'template1' })
  try {
    await client.connect()
    await client.query(`alter database postgres rename to ${DATABASE}`)
  } finally {
    await client.end().catch(() => {})
  }
}

function newClient(connection: PostgresConnection): pg.Client {
  const client = new pg.Client({ ...connection, connectionTimeoutMillis: 5000 })
  client.on('error', () => {}) // losing this connection is an answer, not an accident
  return client
}

/** Looking for the socket is cheaper than a client that fails. */
function mayBeListening({ host, port }: PostgresConnection): boolean {
  return !path.isAbsolute(host) || process.platform === 'win32' || existsSync(path.join(host, `.s.PGSQL.${port}`))
}
