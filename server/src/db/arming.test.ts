import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { arm, isArmed } from './arming.ts'

let test: TestDatabase

beforeAll(async () => {
  test = await createTestDatabase()
})
afterAll(() => test.close())

/** As in a copy, which knows only where it came from. */
const makeCopy = () => sql`update installation set armed_for = '7/7'`.execute(test.db)

it('a database that was made here may send, a copy may not until it is armed, and a copy without the mark neither', async () => {
  expect(await isArmed(test.db)).toBe(true)
  await makeCopy()
  expect(await isArmed(test.db)).toBe(false)
  expect(await arm(test.db)).toBe(true)
  expect(await isArmed(test.db)).toBe(true)
  expect(await arm(test.db)).toBe(false)
  await sql`delete from installation`.execute(test.db)
  expect(await isArmed(test.db)).toBe(false)
  expect(await arm(test.db)).toBe(true)
})

it('the mark names the cluster and the database in it', async () => {
  const { rows } = await sql<{ identity: string; oid: string }>`
    select database_identity() as identity, oid::text from pg_database where datname = current_database()
  `.execute(test.db)
  expect(rows[0]?.identity).toMatch(new RegExp(`^\\d{10,}/${rows[0]?.oid}$`))
})
