import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { afterAll, beforeAll } from 'vitest'
import { apiKeyRoutes } from '#server/auth/apiKeyRoutes.ts'
import { authRoutes } from '#server/auth/authRoutes.ts'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import { accountRoutes } from '#server/auth/accountRoutes.ts'
import { adminUserRoutes } from '#server/auth/adminUserRoutes.ts'
import { hashPassword } from '#server/auth/passwords.ts'
import { signInDeps } from '#server/auth/signIn.ts'
import { insertUser } from '#server/auth/userQueries.ts'
import { readConfig, type Config } from '#server/config.ts'
import type { Db } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import type { RoutePlugin } from '#server/lib/http.ts'
import { SecretBox } from '#server/lib/SecretBox.ts'
import { createTestDatabase, testLog, type TestDatabase } from '#server/test/testDatabase.ts'
import { createApp, type AppDeps } from './app.ts'

export const TEST_PASSWORD = 'correct horse battery'

/** A secret for tests only. */
export const TEST_SECRET_KEY = 'pH7q2mZx9vK4tR8wL1nB6yD3sF5gJ0cA'

type TestAppOptions = {
  env?: Record<string, string>
  /** Besides sign-in and API keys: the routes under test. */
  routes?: RoutePlugin[]
  log?: AppDeps['log']
  webDirectory?: string
  whyNotReady?: AppDeps['whyNotReady']
}

/** The web server with sign-in on the test database, without a web build and with limits that tests do not meet by chance. */
export async function createTestApp(db: Db, options: TestAppOptions = {}): Promise<FastifyInstance> {
  const config: Config = readConfig(
    { NODE_ENV: 'test', SIGN_IN_LIMIT: '1000', IMPORT_LIMIT: '1000', EXPORT_LIMIT: '1000', ...options.env },
    [],
  )
  const log = options.log ?? testLog
  const box = new SecretBox(TEST_SECRET_KEY)
  const auth = signInDeps({ db, box, audit: new AuditLogger() }, config)
  return createApp({
    config,
    log,
    db,
    sessions: auth.sessions,
    box,
    whyNotReady: options.whyNotReady ?? (() => null),
    routes: [
      authRoutes(auth),
      accountRoutes(auth),
      adminUserRoutes(auth),
      apiKeyRoutes(auth),
      ...(options.routes ?? []),
    ],
    webDirectory: options.webDirectory ?? join(tmpdir(), 'revoada-no-web-build'),
  })
}

/** Two web servers on one database, as on two hosts. */
export type TestSite = { database: TestDatabase; app: FastifyInstance; peer: FastifyInstance }

/** A site for all tests of a file; `take` is given it before the first. */
export function openTestSite(take: (site: TestSite) => void): void {
  let site: TestSite | null = null
  beforeAll(async () => {
    const database = await createTestDatabase()
    site = { database, app: await createTestApp(database.db), peer: await createTestApp(database.db) }
    take(site)
  })
  afterAll(async () => {
    await Promise.all([site?.app.close(), site?.peer.close()])
    await site?.database.close()
  })
}

let people = 0
let testHash: Promise<string> | null = null

/** Makes a user and signs in; `cookie` is for the request's header. */
export async function signInAs(app: FastifyInstance, db: Db, role: 'admin' | 'user') {
  const email = `${role}${++people}@example.test`
  // One hash serves all of a file's users: each takes a tenth of a second on purpose.
  testHash ??= hashPassword(TEST_PASSWORD)
  const user = { name: `Test ${role}`, email, passwordHash: await testHash, role }
  const id = await transaction(db, (trx) => insertUser(trx, user))
  const answer = await app.inject({
    method: 'POST',
    url: '/api/auth/sign-in',
    payload: { email, password: TEST_PASSWORD },
  })
  return { id, email, cookie: cookieOf(answer.headers['set-cookie']) }
}

/** `name=value` of the first cookie that is set. */
export function cookieOf(setCookie: string | string[] | undefined): string {
  return [setCookie].flat()[0]?.split(';')[0] ?? ''
}

/** An API key of the signed-in user, ready as headers. */
export async function bearerFor(app: FastifyInstance, cookie: string) {
  const answer = await app.inject({
    method: 'POST',
    url: '/api/user/api-keys',
    headers: { cookie },
    payload: { name: 'test key' },
  })
  const { id, key } = answer.json<{ id: string; key: string }>()
  return { id, key, headers: { authorization: `Bearer ${key}` } satisfies InjectOptions['headers'] }
}
