import { randomUUID, scryptSync } from 'node:crypto'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { sql } from 'kysely'
import { afterEach, describe, expect, test } from 'vitest'
import { bearerFor, cookieOf, signInAs, TEST_PASSWORD, openTestSite } from '#server/http/testApp.ts'
import type { TestDatabase } from '#server/test/testDatabase.ts'
import { rateLimitKey } from './rateLimits.ts'
import { totpCode } from './totp.ts'

const NEW_PASSWORD = 'trovoada atrás do morro'

let database: TestDatabase
/** Two web servers on one database, as on two hosts. */
let app: FastifyInstance
let peer: FastifyInstance

openTestSite((site) => ({ database, app, peer } = site))

afterEach(() => sql`truncate rate_limits`.execute(database.db))

type Method = NonNullable<InjectOptions['method']>
const call = (method: Method, url: string, cookie: string, payload?: object, on = app) =>
  on.inject({ method, url, headers: { cookie }, ...(payload === undefined ? {} : { payload }) })
const signIn = (email: string, more: object = {}, cookie = '') =>
  call('POST', '/api/auth/sign-in', cookie, { email, password: TEST_PASSWORD, ...more })
const codeOf = (answer: { body: string }): string => JSON.parse(answer.body).error?.code
/** What both servers say to the holder of the cookie. */
const statuses = async (cookie: string) => [
  (await call('GET', '/api/me', cookie)).statusCode,
  (await call('GET', '/api/me', cookie, undefined, peer)).statusCode,
]
const actionsOn = async (ownerId: string) =>
  (
    await database.db
      .selectFrom('audit_events')
      .select('action')
      .where('owner_id', '=', ownerId)
      .orderBy('id')
      .execute()
  ).map(({ action }) => action)

async function stepNow(): Promise<number> {
  const { rows } = await sql<{ step: number }>`
    select floor(extract(epoch from clock_timestamp()) / 30)::int8 as step`.execute(database.db)
  return rows[0]?.step ?? 0
}

/** A signed-in user with a second factor, confirmed with the code of the step before. */
async function withSecondFactor() {
  const user = await signInAs(app, database.db, 'user')
  const offer = await call('POST', '/api/user/second-factor', user.cookie, { currentPassword: TEST_PASSWORD })
  const { secret, otpauthUrl } = offer.json<{ secret: string; otpauthUrl: string }>()
  const code = totpCode(secret, (await stepNow()) - 1)
  const confirmed = await call('POST', '/api/user/second-factor/confirm', user.cookie, { code })
  return {
    ...user,
    secret,
    otpauthUrl,
    confirmed,
    backupCodes: confirmed.json<{ backupCodes: string[] }>().backupCodes,
  }
}

describe('sessions', () => {
  test('end by being unused and by age, whatever their cookie says', async () => {
    const { id, cookie } = await signInAs(app, database.db, 'user')
    const age = (column: string, by: string) =>
      sql`update sessions set ${sql.ref(column)} = clock_timestamp() - ${by}::interval where user_id = ${id}`.execute(
        database.db,
      )
    await age('used_at', '23 hours 59 minutes')
    expect(await statuses(cookie)).toEqual([200, 200])
    const row = await database.db.selectFrom('sessions').select('used_at').where('user_id', '=', id).executeTakeFirst()
    expect(Date.now() - (row?.used_at.getTime() ?? 0)).toBeLessThan(60_000)
    await age('used_at', '24 hours')
    expect(await statuses(cookie)).toEqual([401, 401])
    await age('used_at', '0 hours')
    expect(await statuses(cookie)).toEqual([200, 200])
    await age('expires_at', '0 hours')
    expect(await statuses(cookie)).toEqual([401, 401])
  })

  test('are stored without what the browser holds', async () => {
    const { id, cookie } = await signInAs(app, database.db, 'user')
    const { rows } = await sql`select s::text from sessions s where user_id = ${id}`.execute(database.db)
    expect(rows).toHaveLength(1)
    expect(JSON.stringify(rows)).not.toContain(cookie.split('=')[1])
  })

  test('a cookie from before signing in is never adopted', async () => {
    const { email } = await signInAs(app, database.db, 'user')
    const planted = `revoada_session=${'A'.repeat(43)}`
    const opened = cookieOf((await signIn(email, {}, planted)).headers['set-cookie'])
    expect(opened).not.toBe(planted)
    expect(await statuses(planted)).toEqual([401, 401])
  })

  test('are listed, and ended one by one or all others, in all processes', async () => {
    const { id, email, cookie } = await signInAs(app, database.db, 'user')
    const second = cookieOf((await signIn(email)).headers['set-cookie'])
    const third = cookieOf((await signIn(email)).headers['set-cookie'])
    const list = async (query = '') => (await call('GET', `/api/user/sessions${query}`, cookie)).json()
    const { items } = await list()
    expect(items.map((item: { current: boolean }) => item.current)).toEqual([false, false, true])
    expect(items[0]).toMatchObject({ address: '127.0.0.1', userAgent: 'lightMyRequest' })
    const page = await list('?limit=2')
    expect((await list(`?limit=2&cursor=${page.nextCursor}`)).items).toEqual([items[2]])

    expect((await call('DELETE', `/api/user/sessions/${items[0].id}`, cookie)).statusCode).toBe(204)
    expect([await statuses(third), await statuses(second)]).toEqual([
      [401, 401],
      [200, 200],
    ])
    expect((await call('DELETE', '/api/user/sessions', cookie)).statusCode).toBe(204)
    expect([await statuses(second), await statuses(cookie)]).toEqual([
      [401, 401],
      [200, 200],
    ])
    expect(await actionsOn(id)).toEqual(['sign-in', 'sign-in', 'sign-in', 'session-revoke', 'session-revoke'])
  })

  test('go on when their end cannot be written into the trail', async () => {
    const { id, cookie } = await signInAs(app, database.db, 'user')
    await sql`create function refuse_sign_out() returns trigger language plpgsql as
      $$ begin raise exception 'no'; end $$`.execute(database.db)
    await sql`create trigger refuse_sign_out before insert on audit_events for each row
      when (new.action = 'sign-out') execute function refuse_sign_out()`.execute(database.db)
    expect((await call('POST', '/api/auth/sign-out', cookie)).statusCode).toBe(500)
    await sql`drop function refuse_sign_out cascade`.execute(database.db)
    expect(await statuses(cookie)).toEqual([200, 200])
    expect((await call('POST', '/api/auth/sign-out', cookie)).statusCode).toBe(204)
    expect([await statuses(cookie), await actionsOn(id)]).toEqual([
      [401, 401],
      ['sign-in', 'sign-out'],
    ])
  })

  test('of somebody else are as absent as those that never were', async () => {
    const owner = await signInAs(app, database.db, 'user')
    const other = await signInAs(app, database.db, 'admin')
    const { items } = (await call('GET', '/api/user/sessions', owner.cookie)).json()
    const foreign = await call('DELETE', `/api/user/sessions/${items[0].id}`, other.cookie)
    const missing = await call('DELETE', `/api/user/sessions/${randomUUID()}`, other.cookie)
    expect([foreign.statusCode, foreign.body]).toEqual([404, missing.body])
    expect(await statuses(owner.cookie)).toEqual([200, 200])
  })

  test('no API key sees or changes how its user signs in', async () => {
    const { cookie } = await signInAs(app, database.db, 'admin')
    const { headers } = await bearerFor(app, cookie)
    const proof = { currentPassword: TEST_PASSWORD }
    const attempts: [Method, string, object?][] = [
      ['GET', '/api/user/sessions'],
      ['DELETE', '/api/user/sessions'],
      ['POST', '/api/user/password', { ...proof, newPassword: NEW_PASSWORD }],
      ['POST', '/api/user/email', { ...proof, email: 'x@example.test' }],
      ['GET', '/api/user/second-factor'],
      ['POST', '/api/user/second-factor', proof],
      ['POST', '/api/user/second-factor/off', proof],
      ['POST', '/api/admin/users', { name: 'X', email: 'x@example.test', password: NEW_PASSWORD, role: 'admin' }],
    ]
    for (const [method, url, payload] of attempts) {
      const answer = await app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) })
      expect([url, answer.statusCode]).toEqual([url, 403])
    }
  })
})

describe('the own password and e-mail', () => {
  test('a new password ends every session and opens a new one here', async () => {
    const { id, email, cookie } = await signInAs(app, database.db, 'user')
    const elsewhere = cookieOf((await signIn(email)).headers['set-cookie'])
    const body = { currentPassword: TEST_PASSWORD, newPassword: NEW_PASSWORD }
    const changed = await call('POST', '/api/user/password', cookie, body)
    expect(changed.statusCode).toBe(204)
    const fresh = cookieOf(changed.headers['set-cookie'])
    expect([await statuses(cookie), await statuses(elsewhere), await statuses(fresh)]).toEqual([
      [401, 401],
      [401, 401],
      [200, 200],
    ])
    expect((await signIn(email)).statusCode).toBe(401)
    expect((await signIn(email, { password: NEW_PASSWORD })).statusCode).toBe(200)
    expect(await actionsOn(id)).toContain('password-change')
  })

  test('nothing changes without the present password, or towards a weak one', async () => {
    const { id, email, cookie } = await signInAs(app, database.db, 'user')
    const change = (currentPassword: string, newPassword: string) =>
      call('POST', '/api/user/password', cookie, { currentPassword, newPassword })
    expect(codeOf(await change('wrong password!', NEW_PASSWORD))).toBe('INVALID_CREDENTIALS')
    expect(codeOf(await change(TEST_PASSWORD, 'password123'))).toBe('PASSWORD_TOO_WEAK')
    expect(codeOf(await change(TEST_PASSWORD, 'short'))).toBe('VALIDATION_FAILED')
    const moved = await call('POST', '/api/user/email', cookie, { currentPassword: 'no', email: 'new@example.test' })
    expect(codeOf(moved)).toBe('INVALID_CREDENTIALS')
    expect(await statuses(cookie)).toEqual([200, 200])
    expect((await signIn(email)).statusCode).toBe(200)
    expect(await actionsOn(id)).toEqual(['sign-in', 'sign-in-refused', 'sign-in-refused', 'sign-in'])
  })

  test('a new e-mail signs in from then on; one in use is refused', async () => {
    const { email, cookie } = await signInAs(app, database.db, 'user')
    const other = await signInAs(app, database.db, 'user')
    const move = (to: string) => call('POST', '/api/user/email', cookie, { currentPassword: TEST_PASSWORD, email: to })
    expect(codeOf(await move(other.email.toUpperCase()))).toBe('NAME_TAKEN')
    const moved = await move('Moved@Example.test')
    expect(moved.json()).toMatchObject({ email: 'moved@example.test' })
    expect((await signIn(email)).statusCode).toBe(401)
    expect((await signIn('moved@example.test')).statusCode).toBe(200)
  })

  test('a hash of the first releases is renewed at the next sign-in', async () => {
    const { id, email } = await signInAs(app, database.db, 'user')
    const salt = '00'.repeat(16)
    const key = scryptSync(TEST_PASSWORD, salt, 64, { N: 16_384, r: 16, p: 1, maxmem: 2 ** 27 })
    const stored = `${salt}:${key.toString('hex')}`
    await database.db.updateTable('users').set({ password_hash: stored }).where('id', '=', id).execute()
    expect((await signIn(email, { password: 'wrong password!' })).statusCode).toBe(401)
    const hash = async () =>
      (await database.db.selectFrom('users').select('password_hash').where('id', '=', id).executeTakeFirst())
        ?.password_hash
    expect(await hash()).toBe(stored)
    expect((await signIn(email)).statusCode).toBe(200)
    expect(await hash()).toMatch(/^scrypt\$14\$8\$5\$/)
    expect((await signIn(email)).statusCode).toBe(200)
  })
})

describe('the second factor', () => {
  test('is asked for after the password, opens with a code of now, and with no code twice', async () => {
    const { id, email, cookie, secret, otpauthUrl, backupCodes } = await withSecondFactor()
    expect(otpauthUrl).toContain(`secret=${secret}`)
    expect(backupCodes).toHaveLength(10)
    const asked = await signIn(email)
    expect([asked.statusCode, codeOf(asked), asked.headers['set-cookie']]).toEqual([
      401,
      'SECOND_FACTOR_REQUIRED',
      undefined,
    ])
    const refusals = await database.db
      .selectFrom('audit_events')
      .select('details')
      .where('owner_id', '=', id)
      .where('action', '=', 'sign-in-refused')
      .execute()
    expect(refusals).toEqual([{ details: { reason: 'SECOND_FACTOR_REQUIRED' } }])
    expect((await actionsOn(id)).slice(0, 3)).toEqual(['sign-in', 'second-factor-offer', 'second-factor-on'])
    const withoutPassword = await signIn(email, { password: 'wrong password!', code: '000000' })
    expect(codeOf(withoutPassword)).toBe('INVALID_CREDENTIALS')
    const step = await stepNow()
    expect(codeOf(await signIn(email, { code: totpCode(secret, step - 1) }))).toBe('SECOND_FACTOR_REJECTED')
    const code = totpCode(secret, step)
    const answers = await Promise.all([signIn(email, { code }), signIn(email, { code }), signIn(email, { code })])
    expect(answers.map((answer) => answer.statusCode).sort((a, b) => a - b)).toEqual([200, 401, 401])
    expect(await statuses(cookie)).toEqual([200, 200])
    expect(await actionsOn(id)).toContain('second-factor-on')
  })

  test('each backup code opens once', async () => {
    const { email, backupCodes, cookie } = await withSecondFactor()
    const [code = ''] = backupCodes
    expect(code).toMatch(/^[a-z2-7]{6}(-[a-z2-7]{6}){3}$/)
    expect((await signIn(email, { code: code.toUpperCase().replaceAll('-', ' ') })).statusCode).toBe(200)
    expect(codeOf(await signIn(email, { code }))).toBe('SECOND_FACTOR_REJECTED')
    expect((await call('GET', '/api/user/second-factor', cookie)).json()).toEqual({ on: true, backupCodesLeft: 9 })
  })

  test('ten wrong codes are followed by a wait, in all processes, for who knows the password only', async () => {
    const { id, email, secret } = await withSecondFactor()
    // Turning it on took one of the ten; seven more are added here, because each takes a hash.
    await sql`update rate_limits set hits = hits || array_fill(hits[1], array[7])
      where key = ${rateLimitKey('second-factor', id)}`.execute(database.db)
    const answers = []
    for (let i = 0; i < 4; i++) answers.push(await signIn(email, { code: String(100_000 + i) }))
    expect(answers.map((answer) => answer.statusCode)).toEqual([401, 401, 429, 429])
    const right = { email, password: TEST_PASSWORD, code: totpCode(secret, await stepNow()) }
    expect((await call('POST', '/api/auth/sign-in', '', right, peer)).statusCode).toBe(429)
    expect(Number(answers.at(-1)?.headers['retry-after'])).toBeLessThanOrEqual(900)
  })

  test('wrong codes of strangers leave the owner the backup codes, and a known browser its own ten', async () => {
    const { id, email, secret, cookie, backupCodes } = await withSecondFactor()
    const code = async (ahead: number) => totpCode(secret, (await stepNow()) + ahead)
    const known = await signIn(email, { code: await code(0) })
    const device = cookieOf([known.headers['set-cookie']].flat().at(-1))
    await sql`update rate_limits set hits = array_fill(clock_timestamp(), array[10])
      where key = ${rateLimitKey('second-factor', id)}`.execute(database.db)
    const next = await code(1)
    expect((await signIn(email, { code: next })).statusCode).toBe(429)
    expect((await signIn(email, { code: backupCodes[0] })).statusCode).toBe(200)
    const proof = { currentPassword: TEST_PASSWORD, newPassword: NEW_PASSWORD, code: next }
    const both = `${cookie}; ${device}`
    expect((await call('POST', '/api/user/password', both, proof)).statusCode).toBe(204)
    await sql`update rate_limits set hits = array_fill(clock_timestamp(), array[10])
      where key like 'second-factor:%'`.execute(database.db)
    const guess = { email, password: NEW_PASSWORD, code: '100000' }
    expect((await call('POST', '/api/auth/sign-in', device, guess)).statusCode).toBe(429)
  })

  test('is sealed in the database, its backup codes hashed, and a secret does nothing before it is confirmed', async () => {
    const { id, email, secret, backupCodes } = await withSecondFactor()
    const { rows } = await sql`select f::text, f.secret, (select string_agg(b::text, ' ') from backup_codes b
      where b.user_id = f.user_id) as codes from second_factors f where user_id = ${id}`.execute(database.db)
    const text = JSON.stringify(rows) + String((rows[0] as { secret: Buffer }).secret)
    for (const clear of [secret, backupCodes[0] ?? '']) expect(text).not.toContain(clear)
    const other = await signInAs(app, database.db, 'user')
    await call('POST', '/api/user/second-factor', other.cookie, { currentPassword: TEST_PASSWORD })
    expect((await signIn(other.email)).statusCode).toBe(200)
    const wrong = await call('POST', '/api/user/second-factor/confirm', other.cookie, { code: '000000' })
    expect(codeOf(wrong)).toBe('SECOND_FACTOR_REJECTED')
    expect((await signIn(email)).statusCode).toBe(401)
  })

  test('changes of credentials ask for it, and it goes only with password and code', async () => {
    const { id, email, secret, cookie } = await withSecondFactor()
    const proof = { currentPassword: TEST_PASSWORD }
    const off = (body: object) => call('POST', '/api/user/second-factor/off', cookie, body)
    expect(codeOf(await off(proof))).toBe('SECOND_FACTOR_REQUIRED')
    expect(codeOf(await call('POST', '/api/user/password', cookie, { ...proof, newPassword: NEW_PASSWORD }))).toBe(
      'SECOND_FACTOR_REQUIRED',
    )
    const code = totpCode(secret, await stepNow())
    const again = await call('POST', '/api/user/second-factor', cookie, { ...proof, code })
    expect(codeOf(again)).toBe('SECOND_FACTOR_STATE')
    expect(codeOf(await off({ ...proof, code }))).toBe('SECOND_FACTOR_REJECTED')
    expect((await off({ ...proof, code: totpCode(secret, (await stepNow()) + 1) })).statusCode).toBe(204)
    expect((await signIn(email)).statusCode).toBe(200)
    expect(await actionsOn(id)).toContain('second-factor-off')
  })
})
