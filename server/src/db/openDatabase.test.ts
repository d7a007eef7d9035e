import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import pg from 'pg'
import pino from 'pino'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { isDatabaseDown } from './isDatabaseDown.ts'
import { openDatabase, type OpenDatabase } from './openDatabase.ts'
import { transaction } from './transaction.ts'

/** `query_timeout` is 5 s, `connectionTimeoutMillis` 3 s; the rest is for a busy machine. */
const LONGEST_MS = 8000

let test: TestDatabase
const logged: string[] = []
const opened: OpenDatabase[] = []
const log = pino({ level: 'trace' }, { write: (line) => void logged.push(line) })

beforeAll(async () => {
  test = await createTestDatabase()
})
afterAll(async () => test.close())
afterEach(async () => {
  logged.length = 0
  await Promise.all(opened.splice(0).map((database) => database.close()))
})

function open(changes: Partial<typeof test.connection> = {}, max = 2): OpenDatabase {
  const database = openDatabase({ ...test.connection, ...changes }, { log, max, name: 'seen' })
  opened.push(database)
  return database
}

/** Ends every backend of the pool under test, or only busy ones, from outside and on a connection of its own. */
async function terminate(which: 'all' | 'busy' = 'all'): Promise<number> {
  const client = new pg.Client(test.connection)
  await client.connect()
  try {
    const { rows } = await client.query(
      `
      select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'revoada-seen'
        and ($1 = 'all' or (state = 'active' and query like '%pg_sleep%'))`,
      [which],
    )
    return rows.length
  } finally {
    await client.end()
  }
}

async function timed<T>(work: Promise<T>): Promise<{ ms: number; error: unknown }> {
  const begun = performance.now()
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  return { ms: performance.now() - begun, error }
}

const one = ({ db }: OpenDatabase) => sql`select 1`.execute(db)

/** A connection can be drawn once more before the end of its backend has been heard; that query fails as one to repeat. */
async function expectRecovery(database: OpenDatabase): Promise<void> {
  await expect.poll(async () => (await timed(one(database))).error).toBeNull()
}

describe('numbers', () => {
  it('of 64 bits and counts come as numbers', async () => {
    const { rows } =
      await sql`select 9007199254740991::int8 as most, (-9007199254740991)::int8 as least, count(*) as n from (values (1), (2)) v`.execute(
        open().db,
      )
    expect(rows).toEqual([{ most: 9007199254740991, least: -9007199254740991, n: 2 }])
  })

  it.each([['9007199254740992'], ['-9223372036854775808']])('that would lose digits are an error: %s', async (text) => {
    const database = open({}, 1)
    await expect(sql`select ${text}::int8 as n`.execute(database.db)).rejects.toThrow('beyond 2^53')
    await expect(one(database)).resolves.toBeDefined()
  })
})

it('a session speaks UTC and says who it is', async () => {
  const { rows } =
    await sql`select current_setting('TimeZone') as zone, current_setting('application_name') as name`.execute(
      open().db,
    )
  expect(rows).toEqual([{ zone: 'UTC', name: 'revoada-seen' }])
})

describe('a backend that is terminated', () => {
  it('while its connection is idle costs nothing but that connection', async () => {
    const database = open()
    await one(database)
    expect(await terminate()).toBeGreaterThan(0)
    await expect
      .poll(() => logged.filter((line) => line.includes('database connection lost')).length)
      .toBeGreaterThan(0)
    await expectRecovery(database)
  })

  it('while its connection is in use and silent fails that transaction only', async () => {
    const database = open()
    const { error } = await timed(
      transaction(database.db, async (trx) => {
        await sql`select 1`.execute(trx)
        expect(await terminate()).toBeGreaterThan(0)
        await expect.poll(() => logged.length).toBeGreaterThan(0)
        await sql`select 1`.execute(trx)
      }),
    )
    expect(isDatabaseDown(error)).toBe(true)
    await expectRecovery(database)
  })

  it('in the middle of a statement fails that statement, as one to repeat', async () => {
    const database = open()
    const running = timed(sql`select pg_sleep(4)`.execute(database.db))
    await expect.poll(() => terminate('busy')).toBe(1)
    expect(isDatabaseDown((await running).error)).toBe(true)
    await expectRecovery(database)
  })

  it('again and again under load ends no process', async () => {
    const database = open({}, 4)
    let failed = 0
    const until = Date.now() + 1500
    const users = Array.from({ length: 4 }, async () => {
      while (Date.now() < until) {
        const { error } = await timed(
          transaction(database.db, async (trx) => (await sql`select 1`.execute(trx), sleep(5))),
        )
        if (error === null) continue
        failed++
        expect(isDatabaseDown(error)).toBe(true)
      }
    })
    while (Date.now() < until) await Promise.all([terminate(), sleep(50)])
    await Promise.all(users)
    expect(failed).toBeGreaterThan(0)
    await expectRecovery(database)
  })
})

describe('a network that swallows everything', () => {
  it('fails a query in about 5 s, and the next one has another connection', async () => {
    await withProxy(async (proxy) => {
      const database = open(proxy.address, 1)
      await one(database)
      proxy.swallow()
      const { error, ms } = await timed(one(database))
      expect(isDatabaseDown(error)).toBe(true)
      expect(ms).toBeLessThan(LONGEST_MS)
      const again = await timed(one(database))
      expect(again.error).toBeNull()
      expect(again.ms).toBeLessThan(2000)
    })
  })

  it('fails a transaction as soon, without waiting once more for its end', async () => {
    await withProxy(async (proxy) => {
      const database = open(proxy.address, 1)
      const { error, ms } = await timed(
        transaction(database.db, async (trx) => {
          await sql`select 1`.execute(trx)
          proxy.swallow()
          await sql`select 1`.execute(trx)
        }),
      )
      expect(isDatabaseDown(error)).toBe(true)
      expect(ms).toBeLessThan(LONGEST_MS)
      expect((await timed(one(database))).error).toBeNull()
    })
  })

  it('fails a new connection in about 3 s', async () => {
    await withProxy(async (proxy) => {
      proxy.swallow({ alsoNew: true })
      const { error, ms } = await timed(one(open(proxy.address)))
      expect(isDatabaseDown(error)).toBe(true)
      expect(ms).toBeLessThan(LONGEST_MS - 2000)
    })
  })
})

it('a database that is not there is one to ask again later', async () => {
  const { error, ms } = await timed(one(open({ host: '127.0.0.1', port: 9 })))
  expect(isDatabaseDown(error)).toBe(true)
  expect(ms).toBeLessThan(2000)
})

it.each([
  ['a pooler whose server is gone', Object.assign(new Error('server conn crashed?'), { code: '08P01' })],
  ['a server that shuts down', Object.assign(new Error('terminating connection'), { code: '57P01' })],
])('%s is a database that is down', (_what, error) => {
  expect(isDatabaseDown(error)).toBe(true)
})

it.each([
  ['a mistake of ours', Object.assign(new Error('syntax'), { code: '42601' })],
  ['a row that is there already', Object.assign(new Error('duplicate key'), { code: '23505' })],
  ['no error at all', 'Connection terminated'],
])('%s is not a database that is down', (_what, error) => {
  expect(isDatabaseDown(error)).toBe(false)
})

type Proxy = { address: { host: string; port: number }; swallow: (options?: { alsoNew: boolean }) => void }

/** A TCP proxy before the database that can stop passing anything on, without closing a connection. */
async function withProxy(work: (proxy: Proxy) => Promise<void>): Promise<void> {
  const { host, port } = test.connection
  const pairs = new Set<[Socket, Socket]>()
  let swallowNew = false
  const server = createServer((near) => {
    const far = host.startsWith('/') ? connect({ path: `${host}/.s.PGSQL.${port}` }) : connect({ host, port })
    const pair: [Socket, Socket] = [near, far]
    pairs.add(pair)
    for (const socket of pair) socket.on('error', () => undefined)
    near.on('close', () => far.destroy())
    if (!swallowNew) near.pipe(far).pipe(near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const swallow = ({ alsoNew } = { alsoNew: false }) => {
    swallowNew = alsoNew
    for (const [near, far] of pairs) {
      near.unpipe(far).resume()
      far.unpipe(near).resume()
    }
  }
  try {
    await work({ address: { host: '127.0.0.1', port: (server.address() as AddressInfo).port }, swallow })
  } finally {
    for (const pair of pairs) for (const socket of pair) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
}
