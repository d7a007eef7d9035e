import { request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { importRoutes } from '#server/contacts/importRoutes.ts'
import type { RoutePlugin } from '#server/lib/http.ts'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { bearerFor, createTestApp, signInAs } from './testApp.ts'
import { testSuppressions } from '#server/test/builders.ts'

let database: TestDatabase
let app: FastifyInstance
let carriedOut = 0

const probeRoutes: RoutePlugin = async (scope) => {
  const work = async () => ({ carriedOut: ++carriedOut })
  scope.post('/api/probe/user', { config: { access: 'user' } }, work)
  scope.post('/api/probe/admin', { config: { access: 'admin' } }, work)
}

beforeAll(async () => {
  database = await createTestDatabase()
  const imports = importRoutes({
    db: database.db,
    suppressions: testSuppressions,
    maxUploadBytes: 1e6,
    onQueued: () => undefined,
  })
  app = await createTestApp(database.db, { routes: [probeRoutes, imports] })
  await app.listen({ port: 0, host: '127.0.0.1' })
})

afterAll(async () => {
  await app?.close()
  await database?.close()
})

type Slow = { path: string; headers: Record<string, string>; parts: [string, string] }

/** The second part of the body comes `pauseMs` after `change`, which comes after the first has been read. */
async function sendSlowly({ path, headers, parts }: Slow, change: () => Promise<unknown>, pauseMs = 600) {
  const { port } = app.server.address() as AddressInfo
  const request = send({ host: '127.0.0.1', port, path, method: 'POST', headers, agent: false })
  const status = new Promise<number>((done, fail) => {
    request.once('error', fail)
    request.once('response', (response) => done(response.resume().statusCode ?? 0))
  })
  request.write(parts[0])
  await sleep(200)
  await change()
  await sleep(pauseMs)
  request.end(parts[1])
  return status
}

const json = { 'content-type': 'application/json' }
const parts: [string, string] = ['{"a":', '1}']
const revoke = (id: string) => sql`update api_keys set revoked_at = clock_timestamp() where id = ${id}`

test('a request whose key, session or role went while its body came is not carried out', async () => {
  const admin = await signInAs(app, database.db, 'admin')
  const key = await bearerFor(app, admin.cookie)
  const before = carriedOut
  const byKey = { path: '/api/probe/user', headers: { ...json, ...key.headers }, parts }
  expect(await sendSlowly(byKey, () => revoke(key.id).execute(database.db))).toBe(401)
  const asAdmin = { path: '/api/probe/admin', headers: { ...json, cookie: admin.cookie }, parts }
  const demote = () => sql`update users set role = 'user' where id = ${admin.id}`.execute(database.db)
  expect(await sendSlowly(asAdmin, demote)).toBe(403)
  const bySession = { ...asAdmin, path: '/api/probe/user' }
  const end = () => sql`delete from sessions where user_id = ${admin.id}`.execute(database.db)
  expect(await sendSlowly(bySession, end)).toBe(401)
  expect(carriedOut).toBe(before)
})

test('who is signed in still is let in, however slow', async () => {
  const { cookie } = await signInAs(app, database.db, 'user')
  const slow = { path: '/api/probe/user', headers: { ...json, cookie }, parts }
  expect(await sendSlowly(slow, async () => undefined)).toBe(200)
})

test('a file whose sender was turned away on the way is not imported', async () => {
  const { id, cookie } = await signInAs(app, database.db, 'user')
  const key = await bearerFor(app, cookie)
  const headers = { ...key.headers, 'content-type': 'multipart/form-data; boundary=x' }
  const head = '--x\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\nphone\r\n'
  const upload = {
    path: '/api/user/imports',
    headers,
    parts: [head, '+5511987654321\r\n--x--\r\n'] satisfies [string, string],
  }
  const statusOf = async () =>
    (await sql<{ status: string }>`select status from contact_imports where user_id = ${id}`.execute(database.db)).rows
  expect(await sendSlowly(upload, () => revoke(key.id).execute(database.db), 0)).toBe(401)
  expect(await statusOf()).toEqual([])
})
