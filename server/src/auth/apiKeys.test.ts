import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { bearerFor, signInAs, openTestSite } from '#server/http/testApp.ts'
import type { TestDatabase } from '#server/test/testDatabase.ts'

let database: TestDatabase
let app: FastifyInstance

openTestSite((site) => ({ database, app } = site))

const post = (url: string, payload: object, headers: Record<string, string> = {}) =>
  app.inject({ method: 'POST', url, payload, headers })
const me = (headers: Record<string, string>) => app.inject({ url: '/api/me', headers })

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

  test('a key can revoke neither another key nor itself', async () => {
    const { cookie } = await signInAs(app, database.db, 'user')
    const leaked = await bearerFor(app, cookie)
    const other = await bearerFor(app, cookie)
    for (const { id } of [other, leaked]) {
      const answer = await app.inject({ method: 'DELETE', url: `/api/user/api-keys/${id}`, headers: leaked.headers })
      expect(answer.statusCode).toBe(403)
    }
    expect([(await me(other.headers)).statusCode, (await me(leaked.headers)).statusCode]).toEqual([200, 200])
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

  test('being made and revoked is in the trail, without the key', async () => {
    const { id, cookie } = await signInAs(app, database.db, 'user')
    const { id: keyId, key } = await bearerFor(app, cookie)
    for (let times = 0; times < 2; times++)
      await app.inject({ method: 'DELETE', url: `/api/user/api-keys/${keyId}`, headers: { cookie } })
    const events = await database.db
      .selectFrom('audit_events')
      .selectAll()
      .where('owner_id', '=', id)
      .orderBy('id')
      .execute()
    expect(events.map(({ action, target }) => [action, target])).toEqual([
      ['sign-in', null],
      ['api-key-create', keyId],
      ['api-key-revoke', keyId],
    ])
    expect(JSON.stringify(events)).not.toContain(key.slice(10))
  })
})
