import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { bearerFor, cookieOf, createTestApp, signInAs, TEST_PASSWORD } from '#server/http/testApp.ts'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { createUser } from './setup.ts'
import { insertUser, lockSetup } from './userQueries.ts'

let database: TestDatabase
let app: FastifyInstance

beforeAll(async () => {
  database = await createTestDatabase()
  app = await createTestApp(database.db)
})

afterAll(async () => {
  await app?.close()
  await database?.close()
})

const post = (url: string, payload: object, headers: Record<string, string> = {}, on = app) =>
  on.inject({ method: 'POST', url, payload, headers })

/** Resolves when a connection to this database waits for an advisory lock. */
async function untilSomeoneWaits(): Promise<void> {
  for (;;) {
    const waiting = await sql`select 1 from pg_locks where locktype = 'advisory' and not granted
      and database = (select oid from pg_database where datname = current_database())`.execute(database.db)
    if (waiting.rows.length > 0) return
  }
}

const disable = (id: string) =>
  database.db
    .updateTable('users')
    .set({ disabled_at: sql`clock_timestamp()` })
    .where('id', '=', id)
    .execute()

const me = (headers: Record<string, string>) => app.inject({ url: '/api/me', headers })

describe('the first administrator', () => {
  const body = { name: 'Ana', email: 'Ana@Example.test', password: TEST_PASSWORD }
  beforeEach(() => sql`truncate users cascade`.execute(database.db))

  test.each([
    { ...body, role: 'admin' },
    { ...body, password: 'short' },
    { ...body, email: 'nobody' },
    { ...body, name: ' ' },
    { ...body, id: randomUUID() },
  ])('is not made from %j', async (payload) => {
    const answer = await post('/api/setup', payload)
    expect(answer.statusCode).toBe(400)
    expect((await app.inject('/api/setup')).json()).toEqual({ needed: true })
  })

  test('of eight parallel requests exactly one wins', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => post('/api/setup', { ...body, email: `ana${i}@example.test` })),
    )
    expect(answers.map((answer) => answer.statusCode).sort((a, b) => a - b)).toEqual([
      201,
      ...Array<number>(7).fill(409),
    ])
    const users = await database.db.selectFrom('users').select(['role']).execute()
    expect(users).toEqual([{ role: 'admin' }])
  })

  test('whoever comes while another is being made waits, and then finds the door closed', async () => {
    const made = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    const first = database.db.transaction().execute(async (trx) => {
      await lockSetup(trx)
      await insertUser(trx, { name: 'Ana', email: 'ana@example.test', passwordHash: 'x', role: 'admin' })
      made.resolve()
      await release.promise
    })
    await made.promise
    const second = post('/api/setup', { ...body, email: 'eve@example.test' })
    await Promise.race([second, untilSomeoneWaits()])
    release.resolve()
    await first
    expect((await second).statusCode).toBe(409)
  })

  test('is signed in at once, and the door closes behind', async () => {
    const answer = await post('/api/setup', body)
    expect(answer.statusCode).toBe(201)
    expect(answer.json()).toEqual({ id: expect.any(String), name: 'Ana', email: 'ana@example.test', role: 'admin' })
    expect((await me({ cookie: cookieOf(answer.headers['set-cookie']) })).json()).toEqual(answer.json())
    const later = await post('/api/setup', { ...body, email: 'eve@example.test' })
    expect(later.statusCode).toBe(409)
    expect(later.json()).toMatchObject({ error: { code: 'SETUP_DONE' } })
    expect((await app.inject('/api/setup')).json()).toEqual({ needed: false })
  })
})

describe('sign-in', () => {
  test('a wrong password, an unknown user and a disabled one get the same answer', async () => {
    const known = await signInAs(app, database.db, 'user')
    const disabled = await signInAs(app, database.db, 'user')
    await disable(disabled.id)
    const answers = await Promise.all([
      post('/api/auth/sign-in', { email: known.email, password: 'wrong password!' }),
      post('/api/auth/sign-in', { email: 'nobody@example.test', password: 'wrong password!' }),
      post('/api/auth/sign-in', { email: disabled.email, password: TEST_PASSWORD }),
    ])
    for (const answer of answers) {
      expect(answer.statusCode).toBe(401)
      expect(answer.body).toBe(answers[0]?.body)
      expect(answer.headers['set-cookie']).toBeUndefined()
    }
    expect(answers[0]?.json()).toMatchObject({ error: { code: 'INVALID_CREDENTIALS' } })
  })

  test('there is no other way in', async () => {
    for (const path of ['sign-up/email', 'sign-in/email', 'get-session', 'admin/create-user', 'update-user', 'ok']) {
      for (const method of ['GET', 'POST'] as const) {
        const answer = await app.inject({ method, url: `/api/auth/${path}` })
        expect(answer.statusCode).toBe(404)
      }
    }
  })

  test('a forged, cut or foreign cookie opens nothing', async () => {
    const { cookie } = await signInAs(app, database.db, 'user')
    const [name, value = ''] = cookie.split('=')
    for (const forged of [
      `${name}=`,
      `${name}=${'A'.repeat(43)}`,
      `${name}=${value}A`,
      `${name}="${value}"`,
      `${cookie}; ${cookie}`,
      cookie.slice(0, -6),
      `x${cookie}`,
      '%%%',
    ]) {
      expect((await me({ cookie: forged })).statusCode).toBe(401)
    }
  })

  test('opens a new session each time and ends the one the browser held', async () => {
    const { email, cookie } = await signInAs(app, database.db, 'user')
    const again = await post('/api/auth/sign-in', { email, password: TEST_PASSWORD }, { cookie })
    const fresh = cookieOf(again.headers['set-cookie'])
    expect(again.statusCode).toBe(200)
    expect(fresh).not.toBe(cookie)
    expect((await me({ cookie })).statusCode).toBe(401)
    expect((await me({ cookie: fresh })).statusCode).toBe(200)
  })

  test('sign-out ends the session in the database, and again is fine', async () => {
    const { cookie } = await signInAs(app, database.db, 'user')
    const answer = await post('/api/auth/sign-out', {}, { cookie })
    expect(answer.statusCode).toBe(204)
    expect(answer.body).toBe('')
    expect(String(answer.headers['set-cookie'])).toMatch(/Max-Age=0/i)
    expect((await me({ cookie })).statusCode).toBe(401)
    expect((await post('/api/auth/sign-out', {}, { cookie })).statusCode).toBe(204)
    expect((await app.inject({ method: 'POST', url: '/api/auth/sign-out' })).statusCode).toBe(204)
  })

  test('being disabled ends what the user holds at once', async () => {
    const { id, cookie } = await signInAs(app, database.db, 'user')
    const key = await bearerFor(app, cookie)
    await disable(id)
    expect((await me(key.headers)).statusCode).toBe(401)
    expect((await me({ cookie })).statusCode).toBe(401)
  })

  test('the cookie is out of reach of scripts, and bound to the host under TLS', async () => {
    const { email } = await signInAs(app, database.db, 'user')
    const plain = await post('/api/auth/sign-in', { email, password: TEST_PASSWORD })
    expect([plain.headers['set-cookie']].flat()).toEqual([
      expect.stringMatching(/^revoada_session=[\w-]{43}; Max-Age=604800; Path=\/; HttpOnly; SameSite=Lax$/),
      expect.stringMatching(/^revoada_device=[\w-]{43}; Max-Age=7776000; Path=\/; HttpOnly; SameSite=Lax$/),
    ])
    const tlsApp = await createTestApp(database.db, { env: { PUBLIC_URL: 'https://revoada.example' } })
    try {
      const tls = await post('/api/auth/sign-in', { email, password: TEST_PASSWORD }, {}, tlsApp)
      for (const set of [tls.headers['set-cookie']].flat())
        expect(set).toMatch(/^__Host-revoada_(session|device)=.+; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
      const cookie = cookieOf(tls.headers['set-cookie'])
      expect((await tlsApp.inject({ url: '/api/me', headers: { cookie } })).statusCode).toBe(200)
    } finally {
      await tlsApp.close()
    }
  })
})

describe('the sign-in limit', () => {
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

  test('behind a trusted proxy two clients have a limit each', async () => {
    for (let i = 0; i < 11; i++)
      await attempt(first, `c${i}@example.test`, '10.9.9.9', { 'x-forwarded-for': '203.0.113.1' })
    const exhausted = await attempt(first, 'd@example.test', '10.9.9.9', { 'x-forwarded-for': '203.0.113.1' })
    const other = await attempt(first, 'd@example.test', '10.9.9.9', { 'x-forwarded-for': '203.0.113.2' })
    expect([exhausted.statusCode, other.statusCode]).toEqual([429, 401])
  })
})

describe('API keys', () => {
  test('missing, malformed, cut, unknown and other schemes are refused', async () => {
    const { cookie } = await signInAs(app, database.db, 'user')
    const { key } = await bearerFor(app, cookie)
    const wrong = [
      '',
      'Bearer',
      'Bearer ',
      `Bearer ${key.slice(0, -1)}`,
      `Bearer ${key}x`,
      `Bearer rvd_${'A'.repeat(43)}`,
      `Basic ${key}`,
      key,
    ]
    for (const authorization of wrong) expect((await me({ authorization })).statusCode).toBe(401)
    expect((await me({})).headers['www-authenticate']).toBe('Bearer')
  })

  test('a refused key does not fall back to the cookie', async () => {
    const { cookie } = await signInAs(app, database.db, 'user')
    expect((await me({ cookie, authorization: `Bearer rvd_${'A'.repeat(43)}` })).statusCode).toBe(401)
  })

  test('a key in the URL is refused, even beside a good cookie', async () => {
    const { cookie } = await signInAs(app, database.db, 'user')
    const { key } = await bearerFor(app, cookie)
    for (const name of ['api_key', 'access_token', 'x']) {
      expect((await app.inject({ url: `/api/me?${name}=${key}` })).statusCode).toBe(401)
      expect((await app.inject({ url: `/api/me?a=1&${name}=${key}`, headers: { cookie } })).statusCode).toBe(401)
    }
  })

  test('another user’s key is as absent as one that never was', async () => {
    const owner = await signInAs(app, database.db, 'user')
    const other = await signInAs(app, database.db, 'admin')
    const key = await bearerFor(app, owner.cookie)
    const remove = (id: string) =>
      app.inject({ method: 'DELETE', url: `/api/user/api-keys/${id}`, headers: { cookie: other.cookie } })
    const foreign = await remove(key.id)
    const missing = await remove(randomUUID())
    expect(foreign.statusCode).toBe(404)
    expect(foreign.body).toBe(missing.body)
    expect((await me(key.headers)).statusCode).toBe(200)
    const list = await app.inject({ url: '/api/user/api-keys', headers: { cookie: other.cookie } })
    expect(list.json()).toEqual({ items: [], nextCursor: null })
  })

  test('a key cannot make another key', async () => {
    const { cookie } = await signInAs(app, database.db, 'user')
    const { headers } = await bearerFor(app, cookie)
    expect((await post('/api/user/api-keys', { name: 'heir' }, headers)).statusCode).toBe(403)
  })

  test('a revoked key is dead with the next request, and revoking again is fine', async () => {
    const { cookie } = await signInAs(app, database.db, 'user')
    const { id, headers } = await bearerFor(app, cookie)
    const revoke = () => app.inject({ method: 'DELETE', url: `/api/user/api-keys/${id}`, headers: { cookie } })
    expect((await revoke()).statusCode).toBe(204)
    expect((await me(headers)).statusCode).toBe(401)
    const list = () => app.inject({ url: '/api/user/api-keys', headers: { cookie } })
    const { revokedAt } = (await list()).json().items[0]
    expect((await revoke()).statusCode).toBe(204)
    expect((await list()).json().items[0].revokedAt).toBe(revokedAt)
  })

  test('signs in as its user, is stored hashed, and its use is noted once a minute', async () => {
    const { id: userId, cookie } = await signInAs(app, database.db, 'user')
    const { id, key, headers } = await bearerFor(app, cookie)
    expect(key).toMatch(/^rvd_[\w-]{43}$/)
    expect((await me(headers)).json()).toMatchObject({ id: userId, role: 'user' })
    const row = () => database.db.selectFrom('api_keys').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
    const first = await row()
    expect(first.last_used_at).toBeInstanceOf(Date)
    expect(JSON.stringify(first)).not.toContain(key.slice(12))
    await me(headers)
    expect((await row()).last_used_at).toEqual(first.last_used_at)
    await sql`update api_keys set last_used_at = last_used_at - interval '61 seconds' where id = ${id}`.execute(
      database.db,
    )
    await me(headers)
    expect((await row()).last_used_at?.getTime()).toBeGreaterThan(first.last_used_at?.getTime() ?? Infinity)
  })

  test('are listed newest first, page by page, without the key', async () => {
    const { cookie } = await signInAs(app, database.db, 'user')
    const made = [await bearerFor(app, cookie), await bearerFor(app, cookie), await bearerFor(app, cookie)]
    const page = async (query: string) =>
      (await app.inject({ url: `/api/user/api-keys${query}`, headers: { cookie } })).json()
    const first = await page('?limit=2')
    const second = await page(`?limit=2&cursor=${first.nextCursor}`)
    const ids = [...first.items, ...second.items].map((item: { id: string }) => item.id)
    expect(ids).toEqual(made.map((key) => key.id).reverse())
    expect(second.nextCursor).toBeNull()
    expect(JSON.stringify(first)).not.toContain(made[2]?.key)
  })
})

test('guessing costs the same time for a known and for an unknown user', async () => {
  const email = 'timing@example.test'
  await createUser(database.db, { name: 'T', email, password: TEST_PASSWORD, role: 'user' })
  const spent = { known: [] as number[], unknown: [] as number[] }
  for (let i = 0; i < 12; i++) {
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
