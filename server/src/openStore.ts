import { sql } from 'kysely'
import { beginDatabase } from '#server/beginDatabase.ts'
import type { Config } from '#server/config.ts'
import type { Db } from '#server/db/Database.ts'
import { grantToApplication, mayDoTooMuch } from '#server/db/applicationRole.ts'
import { APPLICATION_USER } from '#server/db/embedded/PostgresConnection.ts'
import type { EmbeddedPostgres, PostgresConnection } from '#server/db/embedded/startEmbeddedPostgres.ts'
import { migrate } from '#server/db/migrate.ts'
import { openDatabase, type ConnectionSettings } from '#server/db/openDatabase.ts'
import { describeZoneData } from '#server/db/zoneData.ts'
import type { Log } from '#server/lib/logger.ts'
import { SecretBox } from '#server/lib/SecretBox.ts'
import { masterOf } from '#server/lib/Sealer.ts'
import { findNextKey } from '#server/loadSecretKey.ts'
import { openKeyRing, whileMaster, WrongSecretKeyError } from '#server/secrets/keyRing.ts'

const MIGRATION_TIMEOUT_MS = 600_000
const OLDEST_POSTGRES = 150_000

const never = new Promise<Error>(() => undefined)

export type Store = {
  /** Both may be used at once; until the store is `ready`, their queries wait. */
  db: Db
  leaseDb: Db
  /** Without keys until the store is `ready`. */
  box: SecretBox
  /** Whether the database belongs to this process alone. */
  isEmbedded: boolean
  /** Resolves when the schema is up to date and the secrets are readable; rejects with one sentence for people. */
  ready: Promise<void>
  /** Resolves when our own database ended and does not come back; never for one that is not ours. */
  gaveUp: Promise<Error>
  close(): Promise<void>
}

/**
 * Opens the database: started if it is ours, its schema brought up to date, its key checked, all of it in the
 * background, so that the rest of the program can be put together meanwhile. Whoever opens it closes it, also when it
 * never became ready.
 */
export function openStore(
  config: Config,
  secretKey: string,
  log: Log,
  database: Promise<EmbeddedPostgres> | null = beginDatabase(config, log),
): Store {
  const connection = upgradeSchema(config, log, database)
  const main = openDatabase(connection, { log, max: config.databasePool, name: 'main' })
  const lease = openDatabase(connection, { log, max: 2, name: 'lease' })
  const box = new SecretBox(null)
  const ready = connection.then(() => openSecrets(lease.db, box, secretKey, config))
  ready.catch(() => undefined) // whoever awaits it hears of it
  return {
    db: main.db,
    leaseDb: lease.db,
    box,
    isEmbedded: database !== null,
    ready,
    gaveUp: database?.then(({ gaveUp }) => gaveUp).catch(() => never) ?? never,
    close: async () => {
      await ready.catch(() => undefined)
      await Promise.all([main.close(), lease.close()])
      await (await database?.catch(() => null))?.stop()
    },
  }
}

/** Returns how to reach the database as the application, when its schema is that of this program. */
async function upgradeSchema(
  config: Config,
  log: Log,
  database: Promise<EmbeddedPostgres> | null,
): Promise<ConnectionSettings> {
  const embedded = await database
  if (embedded !== null) return upgradeOurs(embedded.connection, log)
  const application = { connectionString: config.databaseUrl ?? '' }
  const { migrateDatabaseUrl } = config
  if (migrateDatabaseUrl === null) await asOwner(application, log, warnOfOwner)
  else {
    const role = await askRole(application, log)
    await asOwner({ connectionString: migrateDatabaseUrl }, log, async (db, changed) => {
      if ((await currentUser(db)) !== role) await grantToApplication(db, role, { changed })
    })
    await withDatabase(application, log, 'check', (db) => warnOfOwner(db, false, log))
  }
  return application
}

/** Our own database belongs to one role and is used by another, made when it is missing: also where it is older. */
async function upgradeOurs(owner: PostgresConnection, log: Log): Promise<ConnectionSettings> {
  await asOwner(owner, log, (db, changed) =>
    grantToApplication(db, APPLICATION_USER, { changed, create: { password: owner.password } }),
  )
  return { ...owner, user: APPLICATION_USER }
}

/** Brings the schema up to date; `then` hears whether that changed it. */
async function asOwner(
  connection: ConnectionSettings,
  log: Log,
  then: (db: Db, changed: boolean, log: Log) => Promise<void>,
): Promise<void> {
  await withDatabase(connection, log, 'migrate', async (db) => {
    await refuseOldPostgres(db)
    const { applied } = await migrate(db)
    if (applied.length > 0) log.info({ applied }, 'schema upgraded')
    await then(db, applied.length > 0, log)
    log.info(await describeZoneData(db), 'time zone data')
  })
}

async function warnOfOwner(db: Db, _changed: boolean, log: Log): Promise<void> {
  if (!(await mayDoTooMuch(db))) return
  log.warn('the role of DATABASE_URL may change the schema and the audit trail: name the owner in MIGRATE_DATABASE_URL')
}

function askRole(connection: ConnectionSettings, log: Log): Promise<string> {
  return withDatabase(connection, log, 'role', currentUser)
}

async function currentUser(db: Db): Promise<string> {
  const { rows } = await sql<{ name: string }>`select current_user::text as name`.execute(db)
  return rows[0]?.name ?? ''
}

async function withDatabase<T>(
  connection: ConnectionSettings,
  log: Log,
  name: string,
  work: (db: Db) => Promise<T>,
): Promise<T> {
  const { db, close } = openDatabase(connection, { log, max: 2, name, queryTimeoutMs: MIGRATION_TIMEOUT_MS })
  try {
    return await work(db)
  } finally {
    await close()
  }
}

async function refuseOldPostgres(db: Db): Promise<void> {
  const { rows } = await sql<{ version: string }>`select current_setting('server_version_num') as version`.execute(db)
  if (Number(rows[0]?.version) < OLDEST_POSTGRES) throw new Error('PostgreSQL 15 or newer is needed.')
}

/**
 * A wrong key would only show when the first token is opened, in the middle of a campaign; so it is checked here. A change
 * of the key may have died after it changed the database and before it changed the key file: then the start ends it.
 */
async function openSecrets(db: Db, box: SecretBox, secretKey: string, config: Config): Promise<void> {
  try {
    await openKeyRing(db, box, secretKey)
  } catch (error) {
    const next = error instanceof WrongSecretKeyError ? await findNextKey(config) : null
    if (next === null) throw error
    await openKeyRing(db, box, next.text)
    await whileMaster(db, masterOf(next.text), () => next.adopt())
  }
}
