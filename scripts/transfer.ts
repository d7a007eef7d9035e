import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type pg from 'pg'
import { ConfigError, type Config } from '../server/src/config.ts'
import { TransferRefused, withSession } from '../server/src/db/transfer/session.ts'
import type { Moved } from '../server/src/db/transfer/fillTarget.ts'
import type { ConnectionSettings } from '../server/src/db/openDatabase.ts'
import { masterOf } from '../server/src/lib/Sealer.ts'
import { loadSecretKey } from '../server/src/loadSecretKey.ts'

/** The part that these commands share. */

export const NOT_ARMED = `The copy sends nothing by itself. Stop the installation that it was copied from, for good; then: npm run arm`

/**
 * Whether the secret key of these settings opens what is in the database; null where there is no key yet. The rows of a
 * copy are sealed under the key of the original.
 */
export async function fitsKey(client: pg.ClientBase, config: Config): Promise<boolean | null> {
  if (config.secretKey === null && !existsSync(join(config.dataDir, 'secret.key'))) return null
  const { rows } = await client.query<{ value: string }>(
    `select value from instance_facts where name = 'master_key_id'`,
  )
  return rows[0] === undefined ? null : rows[0].value === masterOf(await loadSecretKey(config)).id
}

/** Where the key of these settings is, for people. */
export function whereKeyIs({ secretKey, dataDir }: Config): string {
  return secretKey === null ? `the content of ${join(dataDir, 'secret.key')}` : 'the SECRET_KEY of this one'
}

/** How many campaigns run there: what they send after the moment of the copy is not in it. */
export function countRunning(connection: ConnectionSettings): Promise<number> {
  return withSession(connection, async (client) => {
    const { rows } = await client.query<{ n: number }>(
      `select count(*)::int as n from campaigns where status = 'running' and kind = 'campaign'`,
    )
    return rows[0]?.n ?? 0
  })
}

export function tellMoved(moved: Moved, took: number): void {
  for (const { table, rows } of moved) if (rows > 0) say(`${String(rows).padStart(12)}  ${table}`)
  const total = moved.reduce((sum, { rows }) => sum + rows, 0)
  say(`${String(total).padStart(12)}  rows of ${moved.length} tables, in ${(took / 1000).toFixed(1)} s`)
}

export function say(text: string, code = 0): number {
  process.stdout.write(`${text}\n`)
  return code
}

/** Runs a command to its exit code; what stopped it is told in one sentence. */
export async function runCommand(failed: string, work: () => Promise<number>): Promise<number> {
  try {
    return await work()
  } catch (error) {
    process.stderr.write(`${failed}: ${error instanceof Error ? error.message : String(error)}\n`)
    return error instanceof ConfigError || error instanceof TransferRefused ? 2 : 1
  }
}
