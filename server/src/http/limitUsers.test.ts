import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { createTestApp, signInAs } from './testApp.ts'

const LIMIT = 3

let database: TestDatabase
let apps: FastifyInstance[]

beforeAll(async () => {
  database = await createTestDatabase()
  apps = [await createLimitedApp(), await createLimitedApp()]
})
afterAll(async () => {
  for (const app of apps) await app.close()
  await database.close()
})

/** Two of them stand for two processes on one database. */
function createLimitedApp(): Promise<FastifyInstance> {
  const env = { IMPORT_LIMIT: String(LIMIT), EXPORT_LIMIT: String(LIMIT), TRUSTED_PROXIES: '127.0.0.0/8' }
  return createTestApp(database.db, {
    env,
    routes: [
      async (app) => {
        app.get('/test/import', { config: { access: 'user', limited: 'import' } }, async () => ({}))
        app.get('/test/export', { config: { access: 'user', limited: 'export' } }, async () => ({}))
      },
    ],
  })
}

test('what is costly is held to its limit per user, in all processes together, whatever address is claimed', async () => {
  const [app] = apps
  if (app === undefined) throw new Error('no app')
  const [ana, bia] = [await signInAs(app, database.db, 'user'), await signInAs(app, database.db, 'user')]
  const get = (n: number, url: string, { cookie }: { cookie: string }) =>
    apps[n % 2]?.inject({ url, headers: { cookie, 'x-forwarded-for': `203.0.113.${n}` } })
  for (let n = 0; n < LIMIT; n++) expect((await get(n, '/test/import', ana))?.statusCode).toBe(200)
  const refused = await get(LIMIT, '/test/import', ana)
  expect([refused?.statusCode, refused?.json()]).toEqual([
    429,
    { error: expect.objectContaining({ code: 'RATE_LIMIT' }) },
  ])
  expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(0)
  expect((await get(0, '/test/export', ana))?.statusCode).toBe(200)
  expect((await get(0, '/test/import', bia))?.statusCode).toBe(200)
})
