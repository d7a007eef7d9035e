import { readConfig } from '../server/src/config.ts'
import { restore } from '../server/src/db/transfer/backupFile.ts'
import { TransferRefused } from '../server/src/db/transfer/session.ts'
import { createLogger } from '../server/src/lib/logger.ts'
import { findDatabase } from './findDatabase.ts'
import { fitsKey, NOT_ARMED, runCommand, say, tellMoved } from './transfer.ts'

const USAGE = `npm run restore -- FILE
  Fills an empty installation from a backup: a new DATA_DIR, or the empty database of DATABASE_URL (of its owner:
  MIGRATE_DATABASE_URL, where that is another). The backup may be of an older version of Revoada or of another version of
  PostgreSQL. Interrupted, run it again. The secret key must be that of the backup: SECRET_KEY, or secret.key in DATA_DIR.`

process.exitCode = await runCommand('Nothing was restored', main)

async function main(): Promise<number> {
  const [path, ...rest] = process.argv.slice(2)
  if (path === '--help') return say(USAGE)
  if (path === undefined || path.startsWith('-') || rest.length > 0) return say(USAGE, 2)
  const config = readConfig(process.env, [])
  const { dataDir, migrateDatabaseUrl, databaseUrl } = config
  const owner = { dataDir, databaseUrl: migrateDatabaseUrl ?? databaseUrl }
  const target = await findDatabase(owner, createLogger({ level: 'warn' }), { mayCreate: true })
  try {
    const began = performance.now()
    let fits: boolean | null = null
    const moved = await restore(path, target.connection, {
      tell: () => undefined,
      inspect: async (client) => {
        fits = await fitsKey(client, config)
        if (fits === false) throw new TransferRefused('The secret key of these settings is not that of the backup.')
      },
    })
    tellMoved(moved, performance.now() - began)
    if (fits === null)
      say(`Before the first start, put the secret key of the backup into SECRET_KEY or ${dataDir}/secret.key.`)
    return say(NOT_ARMED)
  } finally {
    await target.stop()
  }
}
