import type { FastifyInstance } from 'fastify'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, signInAs, TEST_PASSWORD, openTestSite } from '#server/http/testApp.ts'
import type { TestDatabase } from '#server/test/testDatabase.ts'
import { rateLimitKey } from './rateLimits.ts'
import { createUser } from './setup.ts'

let database: TestDatabase
let app: FastifyInstance

openTestSite((site) => ({ database, app } = site))

const post = (url: string, payload: object) => app.inject({ method: 'POST', url, payload })

/** The second cookie of a sign-in. */
const deviceOf = (answer: { headers: Record<string, unknown> }) =>
  String([answer.headers['set-cookie']].flat()[1]).split(';')[0] ?? ''

/** Each attempt takes a hash, and a busy machine ten times as long for it. */
describe('the sign-in limit', { timeout: 120_000 }, () => {
  let first: FastifyInstance
  let second: FastifyInstance
  beforeAll(async () => {
    const env = { SIGN_IN_LIMIT: '10', TRUSTED_PROXIES: '10.9.9.9' }
    first = await createTestApp(database.db, { env })
    second = await createTestApp(database.db, { env })
  })
  afterAll(() => Promise.all([first?.close(), second?.close()]))
  afterEach(() => sql`truncate rate_limits`.execute(database.db))

  const attempt = (on: FastifyInstance, email: string, remoteAddress: string, headers: Record<string, string> = {}) =>
    on.inject({
      method: 'POST',
      url: '/api/auth/sign-in',
      payload: { email, password: 'wrong password!' },
      remoteAddress,
      headers,
    })

  /** As if so many attempts had been let through so long ago. */
  const fill = (key: string, count: number, ago: string) =>
    sql`
    insert into rate_limits (key, hits, refused, expires_at)
    values (${key}, array(select clock_timestamp() - ${ago}::interval from generate_series(1, ${count}::int)), false,
      clock_timestamp() + interval '1 hour')
    on conflict (key) do update set hits = excluded.hits`.execute(database.db)

  test('the eleventh attempt from one address is refused in all processes, whatever the forwarded headers say', async () => {
    const answers = []
    for (let i = 0; i < 11; i++) {
      const forged = `203.0.113.${i}`
      const headers = {
        'x-forwarded-for': forged,
        forwarded: `for=${forged}`,
        'x-real-ip': forged,
        'cf-connecting-ip': forged,
      }
      answers.push(await attempt(i % 2 === 0 ? first : second, `a${i}@example.test`, '198.51.100.7', headers))
    }
    expect(answers.map((answer) => answer.statusCode)).toEqual([...Array<number>(10).fill(401), 429])
    const wait = Number(answers[10]?.headers['retry-after'])
    expect(wait).toBeGreaterThan(0)
    expect(wait).toBeLessThanOrEqual(60)
    expect(answers[10]?.json()).toMatchObject({ error: { code: 'RATE_LIMIT', details: { retryAfterSeconds: wait } } })
    expect((await attempt(first, 'b@example.test', '198.51.100.8')).statusCode).toBe(401)
  })

  test('twenty attempts at once on one account from twenty addresses: ten pass, also in other spellings', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        attempt(
          i % 2 === 0 ? first : second,
          i % 3 === 0 ? 'Victim@example.test' : 'victim@EXAMPLE.test',
          `198.51.100.${i}`,
        ),
      ),
    )
    expect(answers.filter((answer) => answer.statusCode === 401)).toHaveLength(10)
    expect(answers.filter((answer) => answer.statusCode === 429)).toHaveLength(10)
  })

  test('a browser that has signed in before gets in while strangers guess, and its cookie is of no use elsewhere', async () => {
    const { email, id } = await signInAs(first, database.db, 'user')
    const other = await signInAs(first, database.db, 'user')
    const signIn = (as: string, remoteAddress: string, cookie: string) =>
      second.inject({
        method: 'POST',
        url: '/api/auth/sign-in',
        payload: { email: as, password: TEST_PASSWORD },
        remoteAddress,
        headers: { cookie },
      })
    const device = deviceOf(await signIn(email, '198.51.100.50', ''))
    for (const as of [email, other.email]) await fill(rateLimitKey('sign-in-account', as), 10, '1 second')
    const answers = [
      await signIn(email, '198.51.100.60', ''),
      await signIn(email, '198.51.100.61', device),
      await signIn(other.email, '198.51.100.62', device),
      await signIn(email, '198.51.100.63', `revoada_device=${'A'.repeat(43)}`),
    ]
    expect(answers.map((answer) => answer.statusCode)).toEqual([429, 200, 429, 429])
    const { rows } = await sql`select d::text from known_devices d where user_id = ${id}`.execute(database.db)
    expect(JSON.stringify(rows)).not.toContain(device.split('=')[1])
  })

  test('an account lets strangers try sixty times an hour, and a known browser has sixty of its own', async () => {
    await fill(rateLimitKey('sign-in-hour', 'hour@example.test'), 59, '59 minutes')
    const answers = [
      await attempt(first, 'Hour@example.test', '198.51.100.71'),
      await attempt(second, 'hour@example.test', '198.51.100.72'),
    ]
    expect(answers.map((answer) => answer.statusCode)).toEqual([401, 429])
    expect(Number(answers[1]?.headers['retry-after'])).toBeGreaterThan(30)
  })

  test('behind a trusted proxy two clients have a limit each', async () => {
    await fill(rateLimitKey('sign-in-address', '203.0.113.1'), 10, '1 second')
    const exhausted = await attempt(first, 'd@example.test', '10.9.9.9', { 'x-forwarded-for': '203.0.113.1' })
    const other = await attempt(first, 'd@example.test', '10.9.9.9', { 'x-forwarded-for': '203.0.113.2' })
    expect([exhausted.statusCode, other.statusCode]).toEqual([429, 401])
  })
})

test('guessing costs the same time for a known and for an unknown user', { timeout: 120_000 }, async () => {
  const email = 'timing@example.test'
  await createUser(database.db, { name: 'T', email, password: TEST_PASSWORD, role: 'user' })
  const spent = { known: [] as number[], unknown: [] as number[] }
  for (let i = 0; i < 4; i++) {
    for (const kind of ['known', 'unknown'] as const) {
      const startedAt = performance.now()
      await post('/api/auth/sign-in', {
        email: kind === 'known' ? email : 'none@example.test',
        password: 'wrong password!',
      })
      spent[kind].push(performance.now() - startedAt)
    }
  }
  // A missing hash would make the unknown user several times faster; the bound is wide because machines are busy.
  expect(Math.min(...spent.unknown)).toBeGreaterThan(Math.min(...spent.known) / 2)
})
