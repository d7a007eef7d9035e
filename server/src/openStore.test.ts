import { sql } from 'kysely'
import pino from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readConfig } from './config.ts'
import { openStore, type Store } from './openStore.ts'
import { createTestDatabase, type TestDatabase } from './test/testDatabase.ts'

const KEY = 'pH7q2mZx9vK4tR8wL1nB6yD3sF5gJ0cA'
const OTHER_KEY = 'aJ2dQ8mX5vC9tN4wE7kR1yU6sL3hF0bZ'
const WRONG_KEY = 'SECRET_KEY is not the one this database was used with; start with the right key.'

let test: TestDatabase
const logged: string[] = []
const stores: Store[] = []
const log = pino({ level: 'trace' }, { write: (line) => void logged.push(line) })

beforeAll(async () => {
  test = await createTestDatabase()
})
afterAll(async () => test.close())
beforeEach(async () => {
  await test.db.deleteFrom('instance_facts').execute()
  await test.db.deleteFrom('secret_keys').execute()
  logged.length = 0
})
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()))
})

async function open(secretKey: string, databaseUrl = test.url): Promise<Store> {
  // Set directly: the address of the test cluster is that of a socket, which has no host.
  const config = { ...readConfig({ NODE_ENV: 'test' }, []), databaseUrl }
  const store = openStore(config, secretKey, log)
  stores.push(store)
  await store.ready
  return store
}

async function connections(): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*) as n from pg_stat_activity
    where datname = current_database() and application_name in ('revoada-main', 'revoada-lease', 'revoada-migrate')
  `.execute(test.db)
  return rows[0]?.n ?? -1
}

describe('the key of the first start', () => {
  it('is the only one this database opens with from then on, in one sentence', async () => {
    await open(KEY)
    await expect(open(OTHER_KEY)).rejects.toThrow(WRONG_KEY)
    await expect(open(KEY)).resolves.toMatchObject({ isEmbedded: false })
  })

  it('is one, when two processes come first at once with two keys', async () => {
    const settled = await Promise.allSettled([open(KEY), open(OTHER_KEY)])
    expect(settled.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    const refused = settled.find((one) => one.status === 'rejected')
    expect(refused?.reason).toMatchObject({ message: WRONG_KEY })
  })

  it('is not in the database nor in the log', async () => {
    await open(KEY)
    await open(OTHER_KEY).catch(() => undefined)
    const facts = await test.db.selectFrom('instance_facts').selectAll().execute()
    expect(facts).toHaveLength(1)
    const shown = JSON.stringify(facts) + logged.join('')
    for (const key of [KEY, OTHER_KEY]) expect(shown).not.toContain(key.slice(0, 9))
  })
})

describe('a store that cannot be opened', () => {
  it('leaves no connection behind when it is closed', async () => {
    await open(KEY)
    await expect(open(OTHER_KEY)).rejects.toThrow(WRONG_KEY)
    await Promise.all(stores.splice(0).map((store) => store.close()))
    await expect.poll(connections).toBe(0)
  })

  it('because nobody answers says so without the password', async () => {
    const error = await open(KEY, 'postgres://revoada:hunter2secret@127.0.0.1:9/revoada').then(
      () => null,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(Error)
    expect(String((error as Error).stack) + JSON.stringify(error) + logged.join('')).not.toContain('hunter2')
  })
})

it('a question that comes before the store is ready waits until it is', async () => {
  const config = { ...readConfig({ NODE_ENV: 'test' }, []), databaseUrl: test.url }
  const store = openStore(config, KEY, log)
  stores.push(store)
  const [facts, users] = await Promise.all([
    store.db.selectFrom('instance_facts').selectAll().execute(),
    store.leaseDb.selectFrom('users').selectAll().execute(),
    store.ready,
  ])
  expect(facts.length).toBeLessThanOrEqual(1)
  expect(users).toEqual([])
})

it('an open store works on both of its pools, and closing it twice is fine', async () => {
  const store = await open(KEY)
  for (const db of [store.db, store.leaseDb]) {
    expect(await db.selectFrom('users').selectAll().execute()).toEqual([])
  }
  expect(await connections()).toBeGreaterThan(1)
  await store.close()
  await expect.poll(connections).toBe(0)
  await expect(store.close()).resolves.toBeUndefined()
})
