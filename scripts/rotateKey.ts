import { ConfigError, readConfig } from '../server/src/config.ts'
import { openDatabase } from '../server/src/db/openDatabase.ts'
import { createLogger } from '../server/src/lib/logger.ts'
import { rotateKey } from '../server/src/rotateKey.ts'
import { findDatabase } from './findDatabase.ts'

const USAGE = `npm run rotate-key
  Changes SECRET_KEY while the product runs or stands still. Settings are those of the product (DATA_DIR, or DATABASE_URL
  and SECRET_KEY); NEW_SECRET_KEY is the key to come. Where the key lives in DATA_DIR, one is made if none is given, and
  the file is replaced. Interrupted, run it again. Running processes go on; the next start needs the new key.`
const NEVER_STARTED = 'this version has never been started on the database; start it once before.'
const QUERY_TIMEOUT_MS = 60_000

process.exitCode = await main()

async function main(): Promise<number> {
  if (process.argv.includes('--help')) return say(USAGE)
  try {
    const config = readConfig(process.env, process.argv.slice(2))
    const log = createLogger({ level: 'warn' })
    const given = process.env['NEW_SECRET_KEY'] ?? ''
    const found = await findDatabase(config, log)
    const { db, close } = openDatabase(found.connection, {
      log,
      max: 2,
      name: 'rotate-key',
      queryTimeoutMs: QUERY_TIMEOUT_MS,
    })
    try {
      const { rows, where } = await rotateKey(db, config, given === '' ? null : given, say)
      say(`The key was changed; ${rows} rows were sealed anew.`)
      return say(
        where === 'file'
          ? 'The key file was replaced; keep a copy of it.'
          : 'Start with the new SECRET_KEY from now on.',
      )
    } finally {
      await close()
      await found.stop()
    }
  } catch (error) {
    const text = isWithoutRing(error) ? NEVER_STARTED : error instanceof Error ? error.message : String(error)
    process.stderr.write(`The key was not changed: ${text}\n`)
    return error instanceof ConfigError ? 2 : 1
  }
}

/** PostgreSQL's "undefined_table". */
function isWithoutRing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '42P01'
}

function say(text: string): number {
  process.stdout.write(`${text}\n`)
  return 0
}
