import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { sql } from 'kysely'
import { beforeEach, describe, expect, test } from 'vitest'
import { bearerFor, cookieOf, createTestApp, signInAs, TEST_PASSWORD, openTestSite } from '#server/http/testApp.ts'
import type { TestDatabase } from '#server/test/testDatabase.ts'
import { insertUser, lockSetup } from './userQueries.ts'

let database: TestDatabase
let app: FastifyInstance

openTestSite((site) => ({ database, app } = site))

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
      ...Array<number>(7).fill(403),
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
    expect((await second).statusCode).toBe(403)
  })

  test('is signed in at once, and the door closes behind', async () => {
    const answer = await post('/api/setup', body)
    expect(answer.statusCode).toBe(201)
    expect(answer.json()).toEqual({ id: expect.any(String), name: 'Ana', email: 'ana@example.test', role: 'admin' })
    expect((await me({ cookie: cookieOf(answer.headers['set-cookie']) })).json()).toEqual(answer.json())
    const later = await post('/api/setup', { ...body, email: 'eve@example.test' })
    expect(later.statusCode).toBe(403)
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
