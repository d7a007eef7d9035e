import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, testLog, type TestDatabase } from '#server/test/testDatabase.ts'
import { isDatabaseDown } from './isDatabaseDown.ts'
import { openDatabase, type OpenDatabase } from './openDatabase.ts'
import { WaitBudget, withWaitBudget } from './waitBudget.ts'

let test: TestDatabase
let opened: OpenDatabase

beforeAll(async () => {
  test = await createTestDatabase()
  opened = openDatabase(test.connection, { log: testLog, max: 1, name: 'budget' })
})
afterAll(async () => {
  await opened.close()
  await test.close()
})

const sleepFor = (seconds: number) => sql`select pg_sleep(${seconds})`.execute(opened.db)
const ask = () => sql<{ one: number }>`select 1 as one`.execute(opened.db)

it('all statements of one piece of work together wait no longer than the budget for a connection', async () => {
  const busy = [sleepFor(1.5), sleepFor(1.5), sleepFor(1.5)]
  const askedAt = performance.now()
  const refused = await withWaitBudget(new WaitBudget(), async () => {
    await ask().catch(() => undefined)
    return ask().then(
      () => null,
      (error: unknown) => error,
    )
  })
  expect(isDatabaseDown(refused)).toBe(true)
  expect(performance.now() - askedAt).toBeLessThan(3500)
  await Promise.allSettled(busy)
})

it('a connection that comes too late goes back to the pool', async () => {
  const busy = sleepFor(2.8)
  await expect(withWaitBudget(new WaitBudget(), ask)).rejects.toThrow('timeout exceeded')
  await busy
  expect((await ask()).rows).toEqual([{ one: 1 }])
})

it('time that passes gives the budget back', async () => {
  const budget = new WaitBudget()
  budget.spend(2200, 2200)
  expect(budget.leftMs).toBeLessThan(200)
  await sleepFor(0.5)
  expect(budget.leftMs).toBeGreaterThan(450)
})

it('work without a budget waits as long as the pool allows', async () => {
  const busy = sleepFor(2.7)
  expect((await ask()).rows).toEqual([{ one: 1 }])
  await busy
})

it('a session is in UTC, whatever the database has as its default', async () => {
  await sql.raw(`alter database ${test.connection.database} set timezone to 'America/Sao_Paulo'`).execute(test.db)
  const fresh = openDatabase(test.connection, { log: testLog, max: 1, name: 'zone' })
  const { rows } = await sql<{ zone: string }>`select current_setting('timezone') as zone`.execute(fresh.db)
  expect(rows).toEqual([{ zone: 'UTC' }])
  await fresh.close()
})
