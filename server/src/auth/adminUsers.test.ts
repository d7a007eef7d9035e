import { randomUUID } from 'node:crypto'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { sql } from 'kysely'
import { beforeEach, describe, expect, test } from 'vitest'
import type { AdminUser } from '#contract/auth.ts'
import { bearerFor, signInAs, TEST_PASSWORD, openTestSite } from '#server/http/testApp.ts'
import { buildChannel } from '#server/test/builders.ts'
import type { TestDatabase } from '#server/test/testDatabase.ts'

const PATH = '/api/admin/users'
const body = { name: 'Bia', email: 'Bia@example.test', password: 'trovoada atrás do morro', role: 'user' }

let database: TestDatabase
let app: FastifyInstance
let peer: FastifyInstance
let admin: Awaited<ReturnType<typeof signInAs>>

openTestSite((site) => ({ database, app, peer } = site))

beforeEach(async () => {
  await sql`truncate users cascade`.execute(database.db)
  admin = await signInAs(app, database.db, 'admin')
})

type Method = NonNullable<InjectOptions['method']>
const call = (method: Method, url: string, payload?: object, cookie = admin.cookie, on = app) =>
  on.inject({ method, url, headers: { cookie }, ...(payload === undefined ? {} : { payload }) })
const codeOf = (answer: { body: string }): string => JSON.parse(answer.body).error?.code
const meOn = (on: FastifyInstance, headers: Record<string, string>) => on.inject({ url: '/api/me', headers })
const statuses = async (headers: Record<string, string>) => [
  (await meOn(app, headers)).statusCode,
  (await meOn(peer, headers)).statusCode,
]

describe('an administrator', () => {
  test('makes users who can sign in, and finds them page by page', async () => {
    const made = await call('POST', PATH, body)
    expect(made.statusCode).toBe(201)
    expect(made.json()).toEqual({
      id: expect.any(String),
      name: 'Bia',
      email: 'bia@example.test',
      role: 'user',
      disabledAt: null,
      secondFactor: false,
      createdAt: expect.any(String),
    })
    const signedIn = await call('POST', '/api/auth/sign-in', { email: body.email, password: body.password }, '')
    expect(signedIn.statusCode).toBe(200)
    const first = (await call('GET', `${PATH}?limit=1`)).json()
    const second = (await call('GET', `${PATH}?limit=1&cursor=${first.nextCursor}`)).json()
    expect([...first.items, ...second.items].map((user: AdminUser) => user.email)).toEqual([
      'bia@example.test',
      admin.email,
    ])
    expect(second.nextCursor).toBeNull()
    expect(JSON.stringify(first)).not.toContain('scrypt')
  })

  test('makes nobody twice, with a weak password or with an id of their own', async () => {
    await call('POST', PATH, body)
    expect(codeOf(await call('POST', PATH, { ...body, email: 'BIA@EXAMPLE.TEST' }))).toBe('NAME_TAKEN')
    expect(codeOf(await call('POST', PATH, { ...body, email: 'c@example.test', password: 'iloveyou1' }))).toBe(
      'PASSWORD_TOO_WEAK',
    )
    for (const more of [{ id: randomUUID() }, { createdAt: '2020-01-01T00:00:00Z' }, { role: 'owner' }])
      expect(codeOf(await call('POST', PATH, { ...body, email: 'd@example.test', ...more }))).toBe('VALIDATION_FAILED')
  })

  test.each([
    ['another role', { role: 'admin' }, 'role-change'],
    ['another password', { password: 'relâmpago no quintal' }, 'password-change'],
    ['being disabled', { disabled: true }, 'user-disable'],
  ])('by %s ends what a user holds, at once and in all processes', async (_name, change, action) => {
    const user = await signInAs(app, database.db, 'user')
    const key = await bearerFor(app, user.cookie)
    expect((await call('PATCH', `${PATH}/${user.id}`, change)).statusCode).toBe(200)
    expect(await statuses({ cookie: user.cookie })).toEqual([401, 401])
    const withKey = await meOn(peer, key.headers)
    if (action === 'user-disable') expect(withKey.statusCode).toBe(401)
    else expect(withKey.json()).toMatchObject({ role: action === 'role-change' ? 'admin' : 'user' })
    const events = await database.db
      .selectFrom('audit_events')
      .select(['action', 'user_id', 'target'])
      .where('owner_id', '=', user.id)
      .where('user_id', '=', admin.id)
      .execute()
    expect(events).toEqual([{ action, user_id: admin.id, target: user.id }])
  })

  test.each([
    ['password', { password: 'relâmpago no quintal' }, '/api/user/password'],
    ['secondFactor', { secondFactor: false }, '/api/user/second-factor/off'],
  ])('changes the own %s only where the present password is asked for', async (field, change, route) => {
    const answer = await call('PATCH', `${PATH}/${admin.id}`, { name: 'Eva', ...change })
    expect([answer.statusCode, answer.json().error.details]).toEqual([
      422,
      [{ field, message: `is your own: use POST ${route}` }],
    ])
    expect(await statuses({ cookie: admin.cookie })).toEqual([200, 200])
    const signedIn = await call('POST', '/api/auth/sign-in', { email: admin.email, password: TEST_PASSWORD }, '')
    expect(signedIn.json()).toMatchObject({ name: 'Test admin' })
  })

  test('lets a disabled user in again', async () => {
    const user = await signInAs(app, database.db, 'user')
    const signIn = () => call('POST', '/api/auth/sign-in', { email: user.email, password: TEST_PASSWORD }, '')
    await call('PATCH', `${PATH}/${user.id}`, { disabled: true })
    expect((await signIn()).statusCode).toBe(401)
    await call('PATCH', `${PATH}/${user.id}`, { disabled: false })
    expect((await signIn()).statusCode).toBe(200)
  })

  test('deletes whoever has nothing, and nobody with a channel or contacts', async () => {
    const idle = await signInAs(app, database.db, 'user')
    const busy = await signInAs(app, database.db, 'user')
    const known = await signInAs(app, database.db, 'user')
    await buildChannel(database.db, busy.id)
    await sql`insert into contacts (user_id, phone, name) values (${known.id}, '+5511987654321', 'X')`.execute(
      database.db,
    )
    expect((await call('DELETE', `${PATH}/${idle.id}`)).statusCode).toBe(204)
    expect(await statuses({ cookie: idle.cookie })).toEqual([401, 401])
    for (const { id, cookie } of [busy, known]) {
      expect(codeOf(await call('DELETE', `${PATH}/${id}`))).toBe('USER_IN_USE')
      expect(await statuses({ cookie })).toEqual([200, 200])
    }
    expect(codeOf(await call('DELETE', `${PATH}/${idle.id}`))).toBe('NOT_FOUND')
  })

  test.each([
    ['demoted', 'PATCH', { role: 'user' }],
    ['disabled', 'PATCH', { disabled: true }],
    ['deleted', 'DELETE', undefined],
  ] as const)('who is the last one cannot be %s', async (_name, method, change) => {
    expect(codeOf(await call(method, `${PATH}/${admin.id}`, change))).toBe('LAST_ADMIN')
    expect(await statuses({ cookie: admin.cookie })).toEqual([200, 200])
  })

  test('two who remove each other at the same moment: one remains', { timeout: 120_000 }, async () => {
    for (let round = 0; round < 3; round++) {
      await sql`truncate users cascade`.execute(database.db)
      const ana = await signInAs(app, database.db, 'admin')
      const eva = await signInAs(app, database.db, 'admin')
      const answers = await Promise.all([
        call('PATCH', `${PATH}/${eva.id}`, { role: 'user' }, ana.cookie),
        call('PATCH', `${PATH}/${ana.id}`, { disabled: true }, eva.cookie, peer),
      ])
      expect(answers.map((answer) => answer.statusCode)).toContain(200)
      const { rows } = await sql`select 1 from users where role = 'admin' and disabled_at is null`.execute(database.db)
      expect(rows).toHaveLength(1)
    }
  })
})

test('users who are no administrators get nowhere', async () => {
  const user = await signInAs(app, database.db, 'user')
  const attempts: [Method, string, object?][] = [
    ['GET', PATH],
    ['POST', PATH, body],
    ['PATCH', `${PATH}/${user.id}`, { role: 'admin' }],
    ['DELETE', `${PATH}/${admin.id}`],
  ]
  for (const [method, url, payload] of attempts)
    expect((await call(method, url, payload, user.cookie)).statusCode).toBe(403)
})
