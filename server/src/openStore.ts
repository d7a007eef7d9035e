import { sql } from 'kysely'
import { beginDatabase } from '#server/beginDatabase.ts'
import type { Config } from '#server/config.ts'
import type { Db } from '#server/db/Database.ts'
import type { EmbeddedPostgres } from '#server/db/embedded/startEmbeddedPostgres.ts'
import { migrate } from '#server/db/migrate.ts'
import { openDatabase, type ConnectionSettings, type OpenDatabase } from '#server/db/openDatabase.ts'
import type { Log } from '#server/lib/logger.ts'
import type { SecretBox } from '#server/lib/SecretBox.ts'

const MIGRATION_TIMEOUT_MS = 600_000
const OLDEST_POSTGRES = 150_000
const KEY_FACT = 'secret_key_id'

export type Store = {
  db: Db
  leaseDb: Db
  /** Whether the database belongs to this process alone. */
  isEmbedded: boolean
  /** Resolves when our own database ended and does not come back; never for one that is not ours. */
  gaveUp: Promise<Error>
  close(): Promise<void>
}

/**
 * The database, ready for work: started if it is ours, its schema up to date, its secrets readable. Throws one sentence
 * for people when it cannot be.
 */
export async function openStore(
  config: Config,
  box: SecretBox,
  log: Log,
  database: Promise<EmbeddedPostgres> | null = beginDatabase(config, log),
): Promise<Store> {
  const embedded = await database
  const opened: OpenDatabase[] = []
  const close = async () => {
    await Promise.all(opened.map((database) => database.close()))
    await embedded?.stop()
  }
  try {
    const connection = connectionOf(config, embedded)
    await migrateStore(
      config.migrateDatabaseUrl === null ? connection : { connectionString: config.migrateDatabaseUrl },
      log,
    )
    const main = openDatabase(connection, { log, max: config.databasePool, name: 'main' })
    const lease = openDatabase(connection, { log, max: 2, name: 'lease' })
    opened.push(main, lease)
    await checkSecretKey(main.db, box)
    return {
      db: main.db,
      leaseDb: lease.db,
      isEmbedded: embedded !== null,
      gaveUp: embedded?.gaveUp ?? new Promise<Error>(() => undefined),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function connectionOf(config: Config, embedded: EmbeddedPostgres | null): ConnectionSettings {
  if (embedded !== null) return embedded.connection
  return { connectionString: config.databaseUrl ?? '' }
}

async function migrateStore(connection: ConnectionSettings, log: Log): Promise<void> {
  const { db, close } = openDatabase(connection, { log, max: 2, name: 'migrate', queryTimeoutMs: MIGRATION_TIMEOUT_MS })
  try {
    await refuseOldPostgres(db)
    const { applied } = await migrate(db)
    if (applied.length > 0) log.info({ applied }, 'schema upgraded')
  } finally {
    await close()
  }
}

async function refuseOldPostgres(db: Db): Promise<void> {
  const { rows } = await sql<{ version: string }>`select current_setting('server_version_num') as version`.execute(db)
  if (Number(rows[0]?.version) < OLDEST_POSTGRES) throw new Error('PostgreSQL 15 or newer is needed.')
}

/** A wrong key would only show when the first token is opened, in the middle of a campaign; so it is checked here. */
async function checkSecretKey(db: Db, box: SecretBox): Promise<void> {
  await db
    .insertInto('instance_facts')
    .values({ name: KEY_FACT, value: box.keyId })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const fact = await db
    .selectFrom('instance_facts')
    .select('value')
    .where('name', '=', KEY_FACT)
    .executeTakeFirstOrThrow()
  if (fact.value !== box.keyId) {
    throw new Error('SECRET_KEY is not the one this database was used with; start with the right key.')
  }
}
