import { scryptSync } from 'node:crypto'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import type { Trx } from '#server/db/Database.ts'
import { signInAs, TEST_PASSWORD, openTestSite } from '#server/http/testApp.ts'
import type { TestDatabase } from '#server/test/testDatabase.ts'
import { endSessions } from './sessions.ts'
import { totpCode } from './totp.ts'

let database: TestDatabase
let app: FastifyInstance

openTestSite((site) => ({ database, app } = site))

type Request = { url: string; cookie?: string; payload: object }
const post = async ({ url, cookie = '', payload }: Request) => {
  const options: InjectOptions = { method: 'POST', url, headers: { cookie }, payload }
  const { statusCode, body } = await app.inject(options)
  return { statusCode, body }
}
const codeOf = ({ body }: { body: string }): string => JSON.parse(body).error?.code
const sessionsOf = async (id: string) =>
  (await sql`select 1 from sessions where user_id = ${id}`.execute(database.db)).rows.length

/** The request proves itself while `change` is written but not committed yet, and goes on after it is. */
async function whileChanging(change: (trx: Trx) => Promise<unknown>, request: Request) {
  let settled = false
  const answer = await database.db.transaction().execute(async (trx) => {
    await change(trx)
    const answering = post(request).finally(() => (settled = true))
    while (!settled && !(await isWaiting())) await new Promise((done) => setTimeout(done, 10))
    return { answering }
  })
  return answer.answering
}

async function isWaiting(): Promise<boolean> {
  const { rows } = await sql`
    select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(database.db)
  return rows.length > 0
}

/** As `changeUser` does for an administrator. */
const write = (id: string, columns: object) => async (trx: Trx) => {
  await trx.updateTable('users').set(columns).where('id', '=', id).execute()
  await endSessions(trx, id)
}

async function offerFactor(cookie: string): Promise<string> {
  const url = '/api/user/second-factor'
  const offer = await app.inject({
    method: 'POST',
    url,
    headers: { cookie },
    payload: { currentPassword: TEST_PASSWORD },
  })
  return offer.json<{ secret: string }>().secret
}

async function codeNow(secret: string): Promise<string> {
  const { rows } = await sql<{ step: number }>`
    select floor(extract(epoch from clock_timestamp()) / 30)::int8 as step`.execute(database.db)
  return totpCode(secret, rows[0]?.step ?? 0)
}

describe('what was proved before a change opens nothing after it', { timeout: 60_000 }, () => {
  test.each([
    ['the password was reset', { password_hash: 'scrypt$14$8$5$AA$AA' }],
    ['the user was disabled', { disabled_at: new Date() }],
  ])('a sign-in while %s', async (_name, columns) => {
    const { id, email } = await signInAs(app, database.db, 'user')
    const payload = { email, password: TEST_PASSWORD }
    const answer = await whileChanging(write(id, columns), { url: '/api/auth/sign-in', payload })
    expect([answer.statusCode, codeOf(answer), await sessionsOf(id)]).toEqual([401, 'INVALID_CREDENTIALS', 0])
    const { rows } =
      await sql`select 1 from audit_events where owner_id = ${id} and action = 'sign-in-refused'`.execute(database.db)
    expect(rows).toHaveLength(1)
  })

  test('a sign-in without a code while the second factor was turned on', async () => {
    const { id, email, cookie } = await signInAs(app, database.db, 'user')
    await offerFactor(cookie)
    const turnOn = async (trx: Trx) => {
      await write(id, { updated_at: sql`clock_timestamp()` })(trx)
      await sql`update second_factors set confirmed_at = clock_timestamp() where user_id = ${id}`.execute(trx)
    }
    const payload = { email, password: TEST_PASSWORD }
    const answer = await whileChanging(turnOn, { url: '/api/auth/sign-in', payload })
    expect([answer.statusCode, codeOf(answer), await sessionsOf(id)]).toEqual([401, 'INVALID_CREDENTIALS', 0])
  })

  test.each([
    ['a new password', '/api/user/password', { newPassword: 'trovoada atrás do morro' }],
    ['another e-mail', '/api/user/email', { email: 'thief@example.test' }],
    ['an offered second factor', '/api/user/second-factor', {}],
    ['a second factor turned off', '/api/user/second-factor/off', {}],
  ])('%s while an administrator reset the password', async (_name, url, more) => {
    const { id, email, cookie } = await signInAs(app, database.db, 'user')
    const payload = { currentPassword: TEST_PASSWORD, ...more }
    const reset = write(id, { password_hash: 'scrypt$14$8$5$AA$AA' })
    expect((await whileChanging(reset, { url, cookie, payload })).statusCode).toBe(401)
    const user = await database.db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
    expect(user).toMatchObject({ email, password_hash: 'scrypt$14$8$5$AA$AA' })
    const { rows } = await sql`select 1 from second_factors where user_id = ${id}`.execute(database.db)
    expect([rows.length, await sessionsOf(id)]).toEqual([0, 0])
  })

  test('a second factor confirmed while the session was ended', async () => {
    const { id, cookie } = await signInAs(app, database.db, 'user')
    const code = await codeNow(await offerFactor(cookie))
    const end = write(id, { updated_at: sql`clock_timestamp()` })
    const answer = await whileChanging(end, { url: '/api/user/second-factor/confirm', cookie, payload: { code } })
    expect([answer.statusCode, codeOf(answer)]).toEqual([401, 'UNAUTHENTICATED'])
    const { rows } = await sql`select 1 from second_factors where user_id = ${id} and confirmed_at is not null`.execute(
      database.db,
    )
    expect(rows).toHaveLength(0)
  })
})

test('two sign-ins that both renew the hash of a first release are both let in', { timeout: 60_000 }, async () => {
  const { id, email } = await signInAs(app, database.db, 'user')
  const salt = '00'.repeat(16)
  const key = scryptSync(TEST_PASSWORD, salt, 64, { N: 16_384, r: 16, p: 1, maxmem: 2 ** 27 })
  const stored = `${salt}:${key.toString('hex')}`
  await database.db.updateTable('users').set({ password_hash: stored }).where('id', '=', id).execute()
  const request = { url: '/api/auth/sign-in', payload: { email, password: TEST_PASSWORD } }
  const answers = await Promise.all([post(request), post(request)])
  expect(answers.map((answer) => answer.statusCode)).toEqual([200, 200])
})
