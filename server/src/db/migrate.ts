import { readdir, readFile } from 'node:fs/promises'
import { sql } from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'
import type { Db } from './Database.ts'

const FOLDER = new URL('./migrations/', import.meta.url)

const TABLE = 'schema_migrations'

/** The database belongs to a newer program than this one. The message is a sentence for people. */
export class NewerSchemaError extends Error {
  constructor(migration: string) {
    super(
      `a newer Revoada has changed this database (${migration.slice(0, 60)}), which this version does not know: ` +
        'start the new version instead.',
    )
    this.name = 'NewerSchemaError'
  }
}

/**
 * Brings the schema up to date: `migrations/NNNN_name.sql`, in order, each once, under a lock that a second process
 * waits for. All or nothing: a failing file leaves the schema as it was. Throws what PostgreSQL said, and
 * NewerSchemaError where a newer program was here before. `last`: no further than this one, for rows that an older
 * program wrote.
 */
export async function migrate(db: Db, last?: string): Promise<{ applied: string[] }> {
  await refuseNewerSchema(db, await listMigrations())
  return db.transaction().execute(async (trx) => {
    // Before anything else: two that make the table of migrations at once would spoil each other's transaction.
    await sql`select pg_advisory_xact_lock(hashtext('revoada migrations'))`.execute(trx)
    const migrator = new Migrator({
      db: trx,
      provider: { getMigrations: readMigrations },
      migrationTableName: TABLE,
      migrationLockTableName: 'schema_migrations_lock',
    })
    const { error, results } = await (last === undefined ? migrator.migrateToLatest() : migrator.migrateTo(last))
    if (error !== undefined) throw error as Error
    return { applied: (results ?? []).map((result) => result.migrationName) }
  })
}

/** The migrations of this program's files, oldest first. An upgrade in place changes the files under a running process. */
export async function listMigrations(): Promise<string[]> {
  const files = (await readdir(FOLDER)).filter((file) => /^\d{4}_\w+\.sql$/.test(file))
  return files.map((file) => file.replace(/\.sql$/, '')).sort()
}

/** Throws NewerSchemaError when the database has a migration that is not among `known`. */
export async function refuseNewerSchema(db: Db, known: string[]): Promise<void> {
  const { rows: tables } = await sql<{ found: string | null }>`select to_regclass(${TABLE})::text as found`.execute(db)
  if (tables[0]?.found === null) return
  const { rows } = await sql<{ name: string }>`
    select name from ${sql.table(TABLE)} where name <> all(${known}::text[]) order by name desc limit 1
  `.execute(db)
  if (rows[0] !== undefined) throw new NewerSchemaError(rows[0].name)
}

async function readMigrations(): Promise<Record<string, Migration>> {
  const migrations: Record<string, Migration> = {}
  for (const name of await listMigrations()) {
    const text = await readFile(new URL(`${name}.sql`, FOLDER), 'utf8')
    migrations[name] = { up: async (db) => void (await sql.raw(text).execute(db)) }
  }
  return migrations
}
