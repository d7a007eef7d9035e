import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { clientNetwork } from './clientNetwork.ts'
import { deleteExpiredRateLimits, rateLimitKey, recordAct, takeTurn } from './rateLimits.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database?.close())

/** A log as if acts had happened so many seconds ago. */
async function pretend(key: string, secondsAgo: number[]): Promise<void> {
  const hits = sql<
    Date[]
  >`(select array_agg(clock_timestamp() - make_interval(secs => s) order by s desc) from unnest(${secondsAgo}::float8[]) s)`
  const expiresAt = sql<Date>`clock_timestamp() + interval '1 minute'`
  await database.db.insertInto('rate_limits').values({ key, hits, refused: false, expires_at: expiresAt }).execute()
}

const limit = (key: string, max = 10) => ({ key, limit: max, windowSeconds: 60 })

test('around the edge of a minute there is no second helping', async () => {
  await pretend('edge', [59, 58.9, 58.8, 58.7, 58.6, 0.5, 0.4, 0.3, 0.2, 0.1])
  expect(await recordAct(database.db, limit('edge'))).toBe(1)
})

test('the oldest act leaves the window and makes room for exactly one', async () => {
  await pretend('slide', [61, 9, 8, 7, 6, 5, 4, 3, 2, 1])
  expect(await recordAct(database.db, limit('slide'))).toBeNull()
  expect(await recordAct(database.db, limit('slide'))).toBe(51)
})

test('refused acts do not lengthen the wait, and a lowered limit holds at once', async () => {
  await pretend('wait', [30, 20, 10])
  expect(await recordAct(database.db, limit('wait', 3))).toBe(30)
  expect(await recordAct(database.db, limit('wait', 3))).toBe(30)
  expect(await recordAct(database.db, limit('wait', 1))).toBe(50)
})

test('of thirty acts at once exactly ten are let through', async () => {
  const results = await Promise.allSettled(Array.from({ length: 30 }, () => takeTurn(database.db, limit('crowd'))))
  expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(10)
})

test('expired logs are swept, live ones stay', async () => {
  await pretend('live', [1])
  await pretend('over', [100])
  await sql`update rate_limits set expires_at = clock_timestamp() - interval '1 second' where key = 'over'`.execute(
    database.db,
  )
  await deleteExpiredRateLimits(database.db)
  const keys = await database.db.selectFrom('rate_limits').select('key').where('key', 'in', ['live', 'over']).execute()
  expect(keys).toEqual([{ key: 'live' }])
})

test('keys of different parts never meet and keep nothing that was typed', () => {
  expect(rateLimitKey('s', 'a', 'b')).not.toBe(rateLimitKey('s', 'a,b'))
  expect(rateLimitKey('s', 'ana@example.test')).not.toContain('ana')
})

test.each([
  ['198.51.100.7', '198.51.100.7'],
  ['::ffff:198.51.100.7', '198.51.100.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:1:2::1', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('%s counts as %s', (address, network) => {
  expect(clientNetwork(address)).toBe(network)
})
