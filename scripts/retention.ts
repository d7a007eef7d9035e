import { parseArgs } from 'node:util'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import { RetentionJob } from '#server/audit/RetentionJob.ts'
import { countAll, type Removed } from '#server/audit/sweeps.ts'
import { readConfig, type Config } from '#server/config.ts'
import { dailySweeps } from '#server/dailySweeps.ts'
import { APPLICATION_USER } from '#server/db/embedded/PostgresConnection.ts'
import { attachEmbeddedPostgres } from '#server/db/embedded/startEmbeddedPostgres.ts'
import { openDatabase, type ConnectionSettings } from '#server/db/openDatabase.ts'
import { createLogger } from '#server/lib/logger.ts'

const USAGE = `npm run retention [-- --dry-run]
  Removes what has been kept long enough (see AUDIT_RETENTION_DAYS and its neighbours in docs/settings.md) from
  DATABASE_URL, or from the embedded database of the Revoada that runs on DATA_DIR.
  --dry-run  only says what would go`

const QUERY_TIMEOUT_MS = 600_000

process.exitCode = await main()

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { 'dry-run': { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  })
  if (values.help) return say(USAGE)
  const config = readConfig(process.env, [])
  const connection = await connectionOf(config)
  if (connection === null) return say(`No Revoada runs on ${config.dataDir}: start it first, or set DATABASE_URL.`, 1)
  const log = createLogger({ level: 'error' })
  const { db, close } = openDatabase(connection, { log, max: 2, name: 'retention', queryTimeoutMs: QUERY_TIMEOUT_MS })
  try {
    const sweeps = dailySweeps(config)
    if (values['dry-run']) return tell('would go', await countAll(db, sweeps))
    const removed = await new RetentionJob({ db, audit: new AuditLogger(), log, sweeps }).runNow()
    return removed === null ? say('A worker is at it right now: look again in a minute.', 1) : tell('removed', removed)
  } finally {
    await close()
  }
}

/** As the application: what it may not remove, this may not either. */
async function connectionOf({ databaseUrl, dataDir }: Config): Promise<ConnectionSettings | null> {
  if (databaseUrl !== null) return { connectionString: databaseUrl }
  const owner = await attachEmbeddedPostgres({ directory: dataDir })
  return owner === null ? null : { ...owner, user: APPLICATION_USER }
}

function tell(what: string, counts: Removed): number {
  for (const [name, count] of Object.entries(counts)) say(`${String(count).padStart(10)}  ${name}`)
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
  return say(`${String(total).padStart(10)}  ${what}`)
}

function say(text: string, code = 0): number {
  process.stdout.write(`${text}\n`)
  return code
}
