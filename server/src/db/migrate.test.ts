import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, inject, it } from 'vitest'
import { administer } from '#server/test/globalSetup.ts'
import { testLog } from '#server/test/testDatabase.ts'
import { migrate } from './migrate.ts'
import { openDatabase, type OpenDatabase } from './openDatabase.ts'
import { SchemaWatch } from './SchemaWatch.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const SCRIPT = `
  import { migrate } from '#server/db/migrate.ts'
  import { openDatabase } from '#server/db/openDatabase.ts'
  import { createLogger } from '#server/lib/logger.ts'
  const { db, close } = openDatabase(JSON.parse(process.argv[1]), { log: createLogger({ level: 'error' }), max: 2, name: 'other', queryTimeoutMs: 60000 })
  console.log(JSON.stringify(await migrate(db)))
  await close()
`

let name: string
let opened: OpenDatabase

beforeEach(async () => {
  name = `revoada_test_${randomBytes(6).toString('hex')}`
  await administer(inject('testCluster'), [`create database ${name}`])
  opened = openDatabase(connection(), { log: testLog, max: 4, name: 'test', queryTimeoutMs: 60_000 })
})
afterEach(async () => {
  await opened.close()
  await administer(inject('testCluster'), [`drop database if exists ${name} with (force)`])
})

const connection = () => ({ ...inject('testCluster'), database: name })

async function tables(): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables where table_schema = 'public' order by 1
  `.execute(opened.db)
  return rows.map((row) => row.name)
}

/** A process of its own that brings the same database up to date. */
async function migrateElsewhere(): Promise<string[]> {
  const { stdout } = await run(
    process.execPath,
    ['--input-type=module-typescript', '--no-warnings', '-e', SCRIPT, JSON.stringify(connection())],
    { cwd: ROOT },
  )
  return (JSON.parse(stdout) as { applied: string[] }).applied
}

it('an empty database gets the whole schema, and a second time nothing', async () => {
  const { applied } = await migrate(opened.db)
  expect(applied).toEqual(applied.toSorted())
  expect(applied[0]).toBe('0001_auth')
  const made = await tables()
  for (const table of [
    'users',
    'channels',
    'campaigns',
    'campaign_contacts',
    'campaign_audit_logs',
    'campaign_error_logs',
    'webhook_inbox',
  ]) {
    expect(made).toContain(table)
  }
  await opened.db.insertInto('instance_facts').values({ name: 'kept', value: 'x' }).execute()
  expect(await migrate(opened.db)).toEqual({ applied: [] })
  expect(await tables()).toEqual(made)
  expect(await opened.db.selectFrom('instance_facts').select('name').execute()).toEqual([{ name: 'kept' }])
})

it('of processes that start at once each file is applied by one, and none fails', async () => {
  const all = await Promise.all([migrateElsewhere(), migrateElsewhere(), migrate(opened.db).then((one) => one.applied)])
  const applied = all.flat()
  expect(applied.length).toBeGreaterThan(4)
  expect(new Set(applied).size).toBe(applied.length)
  expect(await migrate(opened.db)).toEqual({ applied: [] })
})

it('four that begin in the same moment on an empty database wait for each other', async () => {
  await Promise.all(Array.from({ length: 4 }, () => sql`select 1`.execute(opened.db)))
  const all = await Promise.all(Array.from({ length: 4 }, () => migrate(opened.db)))
  expect(all.filter(({ applied }) => applied.length > 0)).toHaveLength(1)
})

it('a file that fails leaves the schema as it was, and the reason is what PostgreSQL said', async () => {
  await sql`create table workers (mine integer)`.execute(opened.db)
  await expect(migrate(opened.db)).rejects.toThrow('relation "workers" already exists')
  expect((await tables()).filter((table) => !table.startsWith('schema_migrations'))).toEqual(['workers'])
  await sql`drop table workers`.execute(opened.db)
  expect((await migrate(opened.db)).applied.length).toBeGreaterThan(4)
})

it('refuses a database that a newer program has changed, and changes nothing of it', async () => {
  await migrate(opened.db)
  await sql`insert into schema_migrations (name, timestamp) values ('9999_from_the_future', '2099')`.execute(opened.db)
  await expect(migrate(opened.db)).rejects.toThrow(/newer Revoada .*9999_from_the_future/)
})

it('notices a newer program while it runs, and only that', async () => {
  await migrate(opened.db)
  const watch = new SchemaWatch({ db: opened.db, log: testLog, intervalMs: 20 })
  let seen: Error | null = null
  void watch.outdated.then((error) => (seen = error))
  await watch.start()
  await sleep(100)
  expect(seen).toBeNull()
  await sql`insert into schema_migrations (name, timestamp) values ('9999_from_the_future', '2099')`.execute(opened.db)
  expect((await watch.outdated).message).toContain('9999_from_the_future')
  await watch.stop()
})
