import { readConfig } from '../server/src/config.ts'
import { copyDatabase } from '../server/src/db/transfer/copyDatabase.ts'
import { inSnapshot, TransferRefused } from '../server/src/db/transfer/session.ts'
import { createLogger } from '../server/src/lib/logger.ts'
import { findDatabase } from './findDatabase.ts'
import { countRunning, fitsKey, NOT_ARMED, runCommand, say, tellMoved, whereKeyIs } from './transfer.ts'

const USAGE = `TARGET_DATABASE_URL=postgres://… npm run copy-to-postgres
  Copies the database of this installation (embedded in DATA_DIR, running or not; or DATABASE_URL) into an empty
  PostgreSQL 15 or newer, as it is at one moment, and compares every table. TARGET_DATABASE_URL is of the owner of the
  new database. Nothing is in it until everything is; interrupted, run it again. Then start the product there with
  DATABASE_URL and the same SECRET_KEY, and let it send with: npm run arm`

process.exitCode = await runCommand('Nothing was copied', main)

async function main(): Promise<number> {
  if (process.argv.includes('--help')) return say(USAGE)
  const target = process.env['TARGET_DATABASE_URL'] ?? ''
  if (target === '') return say(USAGE, 2)
  const config = readConfig(process.env, [])
  const source = await findDatabase(config, createLogger({ level: 'warn' }))
  try {
    const fits = await inSnapshot(source.connection, (client) => fitsKey(client, config))
    if (fits === false) throw new TransferRefused('The secret key of these settings is not that of the database.')
    const running = await countRunning(source.connection)
    if (running > 0) say(`${running} campaigns run: what they send from now on is not in the copy. Pause them first.`)
    const began = performance.now()
    const moved = await copyDatabase(
      source.connection,
      { connectionString: target },
      { tell: () => undefined, inspect: async () => undefined },
    )
    tellMoved(moved, performance.now() - began)
    say(
      `Every table has the same rows and sums. The new installation needs the same SECRET_KEY: ${whereKeyIs(config)}.`,
    )
    return say(NOT_ARMED)
  } finally {
    await source.stop()
  }
}
