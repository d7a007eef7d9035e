import type pg from 'pg'
import { createLogger } from '#server/lib/logger.ts'
import { listMigrations, migrate } from '../migrate.ts'
import { openDatabase, type ConnectionSettings } from '../openDatabase.ts'
import { TransferRefused, withSession } from './session.ts'
import {
  listApplied,
  listTables,
  measure,
  quoted,
  setSequences,
  type Measure,
  type Sequence,
  type Table,
} from './tables.ts'

/** Rows that the migrations themselves write; what comes has its own. */
const SEEDED = new Set(['installation', 'retention_runs'])
const OLDEST_POSTGRES = 150_000
const MIGRATION_TIMEOUT_MS = 600_000

/** What comes into a target. `load` brings the rows of one table and says how many there must be, and their sum. */
export type Cargo = {
  /** What the schema of the rows has, oldest first. */
  migrations: string[]
  load: (
    client: pg.Client,
    accept: (table: Table, bring: () => Promise<Measure>) => Promise<void>,
  ) => Promise<Sequence[]>
}

export type Moved = { table: string; rows: number }[]

/**
 * Fills an empty database: makes the schema that the rows need, and takes them in in one transaction. Interrupted at any
 * moment it is as empty as before, and the same call can be repeated. `inspect` may still refuse what has come in.
 * Throws TransferRefused where the target is not empty, too old, or where what arrived is not what was sent.
 */
export async function fillTarget(
  target: ConnectionSettings,
  cargo: Cargo,
  inspect: (client: pg.Client) => Promise<void>,
): Promise<Moved> {
  await refuseNewer(cargo.migrations)
  await withSession(target, async (client) => {
    await requireEmpty(client)
    await refuseNewerSchema(client, cargo.migrations)
  })
  await makeSchema(target, cargo.migrations.at(-1))
  return withSession(target, async (client) => {
    await client.query('begin')
    // Two that fill one database at once would both find it empty.
    await client.query(`select pg_advisory_xact_lock(hashtext('revoada transfer'))`)
    await requireEmpty(client)
    const moved = await load(client, cargo)
    await inspect(client)
    await client.query('commit')
    await client.query('analyze')
    return moved
  })
}

async function load(client: pg.Client, cargo: Cargo): Promise<Moved> {
  const own = await listTables(client)
  const triggers = await listTriggered(client)
  // They keep counts and checks that come along; fired once more they would count twice.
  for (const name of triggers) await client.query(`alter table ${quoted(name)} disable trigger user`)
  for (const name of SEEDED) await client.query(`delete from ${quoted(name)}`)
  const moved: Moved = []
  const sequences = await cargo.load(client, async (table, bring) => {
    requireSame(table, own)
    const sent = await bring()
    const arrived = await measure(client, table)
    if (arrived.rows !== sent.rows || arrived.sum !== sent.sum) {
      throw new TransferRefused(
        `${table.name} arrived otherwise than it left: ${sent.rows} rows, ${arrived.rows} came.`,
      )
    }
    moved.push({ table: table.name, rows: Number(sent.rows) })
  })
  const missing = own.filter(({ name }) => !moved.some(({ table }) => table === name))
  if (missing.length > 0) throw new TransferRefused(`Nothing came for ${missing.map(({ name }) => name).join(', ')}.`)
  await setSequences(client, sequences)
  for (const name of triggers) await client.query(`alter table ${quoted(name)} enable trigger user`)
  return moved
}

async function refuseNewer(migrations: string[]): Promise<void> {
  const known = await listMigrations()
  const stranger = migrations.find((name) => !known.includes(name))
  if (stranger !== undefined) {
    throw new TransferRefused(`It was written by a newer Revoada (${stranger}); use that one for this.`)
  }
}

/** A schema cannot go back: an empty one may be here from another try. */
async function refuseNewerSchema(client: pg.Client, migrations: string[]): Promise<void> {
  const applied = (await listApplied(client)) ?? []
  const newer = applied.find((name) => !migrations.includes(name))
  if (newer !== undefined) throw new TransferRefused('The target has a newer schema; give it a new database.')
}

async function requireEmpty(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ version: number; encoding: string }>(
    `select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding`,
  )
  if ((rows[0]?.version ?? 0) < OLDEST_POSTGRES) throw new TransferRefused('PostgreSQL 15 or newer is needed.')
  if (rows[0]?.encoding !== 'UTF8') throw new TransferRefused('The target must be a database in UTF8.')
  const { rows: tables } = await client.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')`,
  )
  if (tables.length === 0) return
  const isOurs = (await listApplied(client)) !== null
  const full = isOurs ? await findFull(client) : tables[0]?.name
  if (full !== undefined) throw new TransferRefused(`The target is not empty (${full}); give it a database of its own.`)
}

/** A table that has rows; undefined when all are as the migrations leave them. */
async function findFull(client: pg.Client): Promise<string | undefined> {
  for (const { name } of await listTables(client)) {
    if (SEEDED.has(name)) continue
    const { rows } = await client.query(`select from ${quoted(name)} limit 1`)
    if (rows.length > 0) return name
  }
  return undefined
}

async function makeSchema(target: ConnectionSettings, last: string | undefined): Promise<void> {
  const log = createLogger({ level: 'error' })
  const { db, close } = openDatabase(target, { log, max: 2, name: 'transfer', queryTimeoutMs: MIGRATION_TIMEOUT_MS })
  try {
    await migrate(db, last)
  } finally {
    await close()
  }
}

async function listTriggered(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(`
    select distinct c.relname as name from pg_trigger t join pg_class c on c.oid = t.tgrelid
    where not t.tgisinternal and c.relnamespace = 'public'::regnamespace order by 1`)
  return rows.map(({ name }) => name)
}

function requireSame(table: Table, own: Table[]): void {
  const here = own.find(({ name }) => name === table.name)
  const differs = here === undefined || table.columns.toSorted().join() !== here.columns.toSorted().join()
  if (differs) throw new TransferRefused(`The target knows no table like ${table.name}: its schema is another one.`)
}
