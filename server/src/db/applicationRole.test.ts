import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { grantToApplication } from './applicationRole.ts'

const ROLE = `application_${process.pid}`
let test: TestDatabase

beforeAll(async () => {
  test = await createTestDatabase()
})
afterAll(async () => {
  await sql`drop owned by ${sql.id(ROLE)}`.execute(test.db)
  await sql`drop role ${sql.id(ROLE)}`.execute(test.db)
  await test.close()
})

type OwnersFunction = { name: string; config: string[] | null; is_public: boolean; is_granted: boolean }

/** Functions that run with the rights of the schema's owner. */
async function ownersFunctions(): Promise<OwnersFunction[]> {
  const { rows } = await sql<OwnersFunction>`
    select proname as name, proconfig as config,
      exists (
        select from aclexplode(coalesce(proacl, acldefault('f', proowner))) where grantee = 0
      ) as is_public,
      coalesce(has_function_privilege(to_regrole(${ROLE}), oid, 'execute'), false) as is_granted
    from pg_proc where pronamespace = 'public'::regnamespace and prosecdef order by proname
  `.execute(test.db)
  return rows
}

it('what runs with the rights of the owner is for the application alone, and looks for names in one place', async () => {
  const before = await ownersFunctions()
  expect(before.map(({ name }) => name)).toContain('blank_error_texts')
  expect(before.filter(({ is_public }) => is_public)).toEqual([])
  expect(before.filter(({ config }) => !config?.includes('search_path=pg_catalog, pg_temp'))).toEqual([])

  await grantToApplication(test.db, ROLE, { changed: false, create: { password: undefined } })
  expect((await ownersFunctions()).filter(({ is_granted, is_public }) => !is_granted || is_public)).toEqual([])
})

it('a function that the application may not call yet is granted at the next start', async () => {
  await sql`revoke execute on function blank_error_texts(uuid, uuid[], bigint[]) from ${sql.id(ROLE)}`.execute(test.db)
  await grantToApplication(test.db, ROLE, { changed: false })
  expect((await ownersFunctions()).filter(({ is_granted }) => !is_granted)).toEqual([])
})

it('one that a later migration adds is taken from everybody and given to the application', async () => {
  await sql`
    create function of_tomorrow() returns integer language sql security definer set search_path = pg_catalog, pg_temp
    as 'select 1'
  `.execute(test.db)
  await grantToApplication(test.db, ROLE, { changed: true })
  const added = (await ownersFunctions()).find(({ name }) => name === 'of_tomorrow')
  expect(added).toMatchObject({ is_public: false, is_granted: true })
})
