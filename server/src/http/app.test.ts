import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { sql } from 'kysely'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ERRORS, type ErrorCode } from '#contract/errors.ts'
import { openDatabase } from '#server/db/openDatabase.ts'
import { AppError } from '#server/lib/AppError.ts'
import { requireUser, type RoutePlugin } from '#server/lib/http.ts'
import { createTestDatabase, testLog, type TestDatabase } from '#server/test/testDatabase.ts'
import { isTooDeep } from './jsonBody.ts'
import { bearerFor, createTestApp, signInAs } from './testApp.ts'

const probeBody = z.strictObject({
  delay: z.int().min(0).optional(),
  rate: z.number().optional(),
  on: z.boolean().optional(),
  name: z.string().optional(),
  list: z.array(z.number()).optional(),
})

let database: TestDatabase
let app: FastifyInstance
let reached = 0

/** Routes that only exist here. */
const probeRoutes: RoutePlugin = async (scope) => {
  const open = { access: 'public' } as const
  scope.post('/api/probe', { config: open, schema: { body: probeBody } }, async (request) => {
    reached++
    return request.body
  })
  const query = z.strictObject({ limit: z.string().regex(/^\d+$/).optional() })
  scope.get('/api/probe', { config: open, schema: { querystring: query } }, async (request) => request.query)
  scope.post('/api/probe/nothing', { config: open }, async (request) => ({ body: request.body ?? null }))
  scope.get('/api/probe/admin', { config: { access: 'admin' } }, async (request) => requireUser(request))
  scope.get('/api/probe/user', { config: { access: 'user' } }, async (request) => requireUser(request))
  scope.post('/api/probe/user', { config: { access: 'user' } }, async (request) => requireUser(request))
  scope.post('/api/probe/hook/:secret', { config: { access: 'webhook' } }, async () => ({ ok: true }))
  scope.get('/api/probe/refuse', { config: open }, async () => {
    throw new AppError('CAMPAIGN_RATE_LIMIT_EXCEEDED', { details: { retryAfterSeconds: 12 } })
  })
  scope.get('/api/probe/crash', { config: open }, async () => {
    throw new Error('select * from secrets where password = hunter2')
  })
  scope.get(
    '/api/probe/wrong-answer',
    { config: open, schema: { response: { 200: z.object({ n: z.number() }) } } },
    async () => {
      return { n: 'hunter2' } as unknown as { n: number }
    },
  )
  scope.post('/api/probe/store', { config: open, schema: { body: probeBody } }, async (request) => {
    await sql`select ${request.body.name ?? ''}::text`.execute(database.db)
    return {}
  })
}

beforeAll(async () => {
  database = await createTestDatabase()
  app = await createTestApp(database.db, { routes: [probeRoutes] })
})

afterAll(async () => {
  await app?.close()
  await database?.close()
})

async function refusal(options: InjectOptions, on = app): Promise<{ status: number; code: string; details: unknown }> {
  const answer = await on.inject(options)
  const { error, ...rest } = answer.json()
  expect(rest).toEqual({})
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
  expect(answer.headers['x-content-type-options']).toBe('nosniff')
  expect(answer.headers['content-security-policy']).not.toContain('unsafe')
  expect(answer.statusCode).toBe(ERRORS[error.code as ErrorCode].status)
  return { status: answer.statusCode, code: error.code, details: error.details }
}

const postRaw = (payload: string, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
  refusal({ method: 'POST', url: '/api/probe', payload, headers })

describe('registration', () => {
  test.each([
    ['no config', {}],
    ['no access', { config: {} }],
    ['an unknown access', { config: { access: 'everyone' } }],
  ])('a route with %s stops the start', async (_name, options) => {
    const routes: RoutePlugin[] = [
      async (scope) => {
        scope.get('/api/forgotten', options as { config: { access: 'public' } }, async () => 'x')
      },
    ]
    await expect(createTestApp(database.db, { routes })).rejects.toThrow(/forgotten does not say who may call it/)
  })
})

describe('bodies', () => {
  test.each([
    '{"delay":"5"}',
    '{"delay":null}',
    '{"delay":true}',
    '{"delay":[5]}',
    '{"delay":-1}',
    '{"delay":0.1}',
    '{"delay":1e400}',
    '{"delay":9007199254740992}',
    '{"rate":1e400}',
    '{"rate":"NaN"}',
    '{"rate":null}',
    '{"on":"true"}',
    '{"on":1}',
    '{"name":5}',
    '{"list":5}',
    '{"list":{"0":1}}',
    '[]',
    '"x"',
    'null',
    '5',
  ])('%s is not coerced into shape', async (payload) => {
    const before = reached
    expect(await postRaw(payload)).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' })
    expect(reached).toBe(before)
  })

  test('unknown fields are refused by name', async () => {
    expect(await postRaw('{"delay":1,"role":"admin","sentCount":0}')).toMatchObject({
      code: 'VALIDATION_FAILED',
      details: [
        { field: 'role', message: 'is not a known field' },
        { field: 'sentCount', message: 'is not a known field' },
      ],
    })
  })

  test.each([
    '{"__proto__":{"x":1}}',
    '{"constructor":{"prototype":{"x":1}}}',
    '{"a":',
    '{"a":NaN}',
    '',
    '{"a":"\u0000"}',
  ])('malformed or polluting %j is refused', async (payload) => {
    expect(await postRaw(payload)).toMatchObject({ status: 400, code: 'MALFORMED_REQUEST' })
    expect(Object.keys(Object.prototype)).toEqual([])
  })

  test('100,000 nested arrays are refused before they are parsed', async () => {
    const payload = `{"list":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
    expect(await postRaw(payload)).toMatchObject({ status: 400, code: 'MALFORMED_REQUEST' })
    expect(isTooDeep('{"a":"[[[[","b":"\\"[[[[","c":[[]]}', 3)).toBe(false)
    expect(isTooDeep('{"a":"\\\\","c":[[[]]]}', 3)).toBe(true)
  })

  test('100,000 unknown fields make a short answer', async () => {
    const payload = `{${Array.from({ length: 100_000 }, (_, i) => `"${i}":1`).join(',')}}`
    const { details } = await postRaw(payload)
    expect(details).toHaveLength(20)
  })

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'x',
  ])('%s is not read', async (type) => {
    expect(await postRaw('{"delay":1}', { 'content-type': type })).toMatchObject({
      status: 415,
      code: 'UNSUPPORTED_MEDIA_TYPE',
    })
  })

  test('more than 1 MiB is refused', async () => {
    expect(await postRaw(`{"name":"${'x'.repeat(1024 * 1024)}"}`)).toMatchObject({
      status: 413,
      code: 'PAYLOAD_TOO_LARGE',
    })
  })

  test('text that the database cannot store is the caller’s mistake', async () => {
    const answer = await refusal({ method: 'POST', url: '/api/probe/store', payload: { name: 'a\u0000b' } })
    expect(answer.code).toBe('VALIDATION_FAILED')
  })

  test('a right body arrives as it is, and none is fine where none is wanted', async () => {
    const payload = { delay: 0, rate: 0.5, on: false, name: '5', list: [1] }
    expect((await app.inject({ method: 'POST', url: '/api/probe', payload })).json()).toEqual(payload)
    expect((await app.inject({ method: 'POST', url: '/api/probe/nothing' })).json()).toEqual({ body: null })
  })
})

test.each(['?limit=', '?limit=-1', '?limit=1e9', '?limit=1&limit=2', '?limit[]=1', '?other=1', '?__proto__=1'])(
  'the query %s is refused',
  async (query) => {
    expect(await refusal({ url: `/api/probe${query}` })).toMatchObject({ code: 'VALIDATION_FAILED' })
  },
)

describe('error answers', () => {
  test('unknown paths and methods under /api are JSON 404', async () => {
    for (const url of ['/api', '/api/', '/api/none', '/api/../api/none', '/api?x=1']) {
      expect(await refusal({ url })).toMatchObject({ code: 'NOT_FOUND' })
    }
    expect(await refusal({ method: 'DELETE', url: '/api/probe' })).toMatchObject({ code: 'NOT_FOUND' })
    expect(await refusal({ method: 'POST', url: '/' })).toMatchObject({ code: 'NOT_FOUND' })
  })

  test('a broken address is 400', async () => {
    expect(await refusal({ url: '/api/%' })).toMatchObject({ code: 'MALFORMED_REQUEST' })
  })

  test('a wait is told in the header too', async () => {
    const answer = await app.inject('/api/probe/refuse')
    expect(answer.statusCode).toBe(429)
    expect(answer.headers['retry-after']).toBe('12')
  })

  test.each(['/api/probe/crash', '/api/probe/wrong-answer'])(
    '%s tells nothing of the inside, the log does',
    async (url) => {
      const lines: string[] = []
      const log = pino({}, new Writable({ write: (chunk, _encoding, done) => (lines.push(String(chunk)), done()) }))
      const noisy = await createTestApp(database.db, { routes: [probeRoutes], log })
      const answer = await noisy.inject(url)
      await noisy.close()
      expect(answer.json()).toEqual({ error: { code: 'INTERNAL', message: ERRORS.INTERNAL.message } })
      expect(lines.find((line) => line.includes('request failed'))).toMatch(
        /at .+app\.test\.ts|doesn't match the schema/,
      )
    },
  )

  test('a database out of reach is 503 with Retry-After', async () => {
    const gone = openDatabase(
      { host: '127.0.0.1', port: 1, user: 'x', database: 'x' },
      { log: testLog, max: 1, name: 'gone' },
    )
    const cut = await createTestApp(gone.db)
    try {
      const { cookie } = await signInAs(app, database.db, 'user')
      const payload = { email: 'a@example.test', password: 'x' }
      for (const request of [
        { url: '/api/setup' },
        { url: '/api/me', headers: { authorization: `Bearer rvd_${'A'.repeat(43)}` } },
      ]) {
        expect(await refusal(request, cut)).toMatchObject({ code: 'UNAVAILABLE', details: { retryAfterSeconds: 3 } })
      }
      expect(await refusal({ method: 'POST', url: '/api/auth/sign-in', payload }, cut)).toMatchObject({
        code: 'UNAVAILABLE',
      })
      // Not 401: the web app would sign everybody out whenever the database restarts.
      expect(await refusal({ url: '/api/me', headers: { cookie } }, cut)).toMatchObject({ code: 'UNAVAILABLE' })
      const ready = await cut.inject('/api/health/ready')
      expect(ready.statusCode).toBe(503)
      expect(ready.json()).toEqual({ status: 'unavailable', reason: 'The database is out of reach.' })
    } finally {
      await cut.close()
      await gone.close()
    }
  })
})

describe('who may call', () => {
  test('nobody signed in is 401, the wrong role 403, the right one passes', async () => {
    const user = await signInAs(app, database.db, 'user')
    const admin = await signInAs(app, database.db, 'admin')
    const call = (cookie?: string) =>
      app.inject({ url: '/api/probe/admin', headers: cookie === undefined ? {} : { cookie } })
    expect((await call()).statusCode).toBe(401)
    expect((await call(user.cookie)).statusCode).toBe(403)
    expect((await call(admin.cookie)).json()).toEqual({
      id: admin.id,
      name: 'Test admin',
      email: admin.email,
      role: 'admin',
      sessionId: expect.any(String),
      via: 'session',
    })
    const head = await app.inject({ method: 'HEAD', url: '/api/probe/admin' })
    expect(head.statusCode).toBe(401)
  })

  test('a role that was taken away is gone with the next request', async () => {
    const admin = await signInAs(app, database.db, 'admin')
    await database.db.updateTable('users').set({ role: 'user' }).where('id', '=', admin.id).execute()
    const answer = await app.inject({ url: '/api/probe/admin', headers: { cookie: admin.cookie } })
    expect(answer.statusCode).toBe(403)
  })

  test('a request that another site started is refused, with cookie and on public routes', async () => {
    const { cookie } = await signInAs(app, database.db, 'user')
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: '' },
      { origin: 'http://localhost:80.evil.example' },
      { origin: 'http://localhost:1234' },
      { origin: 'file://localhost' },
      { origin: 'http://localhost, https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      // What a form can send, and no sign of where it stands.
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/x-www-form-urlencoded' },
      { 'content-type': 'multipart/form-data; boundary=x' },
      { 'content-type': 'application/jsonp' },
    ]
    for (const headers of foreign) {
      for (const url of ['/api/probe/user', '/api/auth/sign-in', '/api/setup', '/api/auth/sign-out']) {
        const request = {
          method: 'POST',
          url,
          payload: '{}',
          headers: { host: 'localhost', cookie, 'content-type': 'application/json', ...headers },
        } as const
        expect(await refusal(request)).toMatchObject({ status: 403, code: 'FOREIGN_ORIGIN' })
      }
    }
  })

  test('our own page, a program without Origin and an API key pass', async () => {
    const { cookie } = await signInAs(app, database.db, 'user')
    const key = await bearerFor(app, cookie)
    const own: Record<string, string>[] = [
      { cookie, origin: 'http://localhost:3000' },
      { cookie, origin: 'https://localhost:3000' },
      { cookie },
      { cookie, 'sec-fetch-site': 'same-origin' },
      { ...key.headers, origin: 'https://elsewhere.example' },
    ]
    for (const headers of own) {
      const answer = await app.inject({
        method: 'POST',
        url: '/api/probe/user',
        headers: { host: 'localhost:3000', ...headers },
      })
      expect(answer.statusCode).toBe(200)
    }
    const hook = await app.inject({
      method: 'POST',
      url: '/api/probe/hook/s3cret',
      headers: { origin: 'https://gateway.example' },
    })
    expect(hook.statusCode).toBe(200)
  })
})

test('a name that only the caller vouches for is another site, on a fresh installation too', async () => {
  const fresh = await createTestDatabase()
  const named = await createTestApp(fresh.db, { env: { HOST: 'revoada.lan' } })
  const proxied = await createTestApp(fresh.db, { env: { PUBLIC_URL: 'https://revoada.example' } })
  try {
    const post = (on: FastifyInstance, url: string, host: string, origin = `http://${host}`, payload: object = {}) =>
      on.inject({ method: 'POST', url, headers: { host, origin }, payload })
    const admin = { name: 'Eve', email: 'eve@example.test', password: 'trovoada atrás do morro' }
    for (const [on, host] of [
      [named, 'evil.example'],
      [named, 'evil.example:3000'],
      [named, '127.0.0.1.evil.example'],
      [proxied, 'evil.example'],
      [proxied, 'evil.example:443'],
    ] as const) {
      const answer = await post(on, '/api/setup', host, `http://${host}`.replace(/:443$/, ''), admin)
      expect([host, answer.statusCode, answer.json().error.code]).toEqual([host, 403, 'FOREIGN_ORIGIN'])
    }
    expect((await named.inject('/api/setup')).json()).toEqual({ needed: true })
    const refused = await post(named, '/api/auth/sign-out', 'evil.example')
    expect(refused.json().error.message).toContain('set PUBLIC_URL')
    for (const host of ['revoada.lan:3000', 'localhost:3000', '127.0.0.1:3000', '192.168.0.7', '[::1]:3000'])
      expect([host, (await post(named, '/api/auth/sign-out', host)).statusCode]).toEqual([host, 204])
    const throughProxy = await post(proxied, '/api/auth/sign-out', 'upstream:3000', 'https://revoada.example')
    expect(throughProxy.statusCode).toBe(204)
  } finally {
    await named.close()
    await proxied.close()
    await fresh.close()
  }
})

test('behind TLS the plain namesake of the public address is another site', async () => {
  const tlsApp = await createTestApp(database.db, { env: { PUBLIC_URL: 'https://revoada.example' } })
  const signOut = async (origin: string, host: string) =>
    (await tlsApp.inject({ method: 'POST', url: '/api/auth/sign-out', headers: { host, origin } })).statusCode
  expect(await signOut('https://revoada.example', 'revoada.example')).toBe(204)
  expect(await signOut('http://revoada.example', 'revoada.example')).toBe(403)
  expect(await signOut('http://10.0.0.5:3000', '10.0.0.5:3000')).toBe(204)
  await tlsApp.close()
  const byAddress = await createTestApp(database.db, { env: { PUBLIC_URL: 'https://10.0.0.5' } })
  const headers = { host: '10.0.0.5', origin: 'http://10.0.0.5' }
  expect((await byAddress.inject({ method: 'POST', url: '/api/auth/sign-out', headers })).statusCode).toBe(403)
  await byAddress.close()
})

test('log lines name the route, never the address, the key or the cookie', async () => {
  const lines: string[] = []
  const log = pino(
    { level: 'trace' },
    new Writable({ write: (chunk, _encoding, done) => (lines.push(String(chunk)), done()) }),
  )
  const noisy = await createTestApp(database.db, { routes: [probeRoutes], log })
  try {
    const { cookie } = await signInAs(noisy, database.db, 'user')
    const { key, headers } = await bearerFor(noisy, cookie)
    await noisy.inject({ method: 'POST', url: '/api/probe/hook/s3cret-canary' })
    await noisy.inject({ url: `/api/me?key=${key}` })
    await noisy.inject({ url: '/api/me', headers })
    await noisy.inject({
      method: 'POST',
      url: '/api/auth/sign-in',
      payload: { email: 'x@example.test', password: 'canary-password' },
    })
    await noisy.inject('/api/none/s3cret-canary')
    const text = lines.join('')
    expect(text).toContain('/api/probe/hook/:secret')
    expect(text).toContain('request refused')
    for (const canary of ['s3cret-canary', key.slice(4), cookie.split('=')[1] ?? '', 'canary-password'])
      expect(text).not.toContain(canary)
  } finally {
    await noisy.close()
  }
})

test('security headers fit plain HTTP and become strict under TLS', async () => {
  const plain = await app.inject('/api/health/live')
  expect(plain.headers['strict-transport-security']).toBeUndefined()
  expect(plain.headers['content-security-policy']).not.toContain('upgrade-insecure-requests')
  expect(plain.headers).toMatchObject({
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  })
  const tlsApp = await createTestApp(database.db, { env: { PUBLIC_URL: 'https://revoada.example' } })
  const tls = await tlsApp.inject('/api/none')
  await tlsApp.close()
  expect(tls.headers['strict-transport-security']).toMatch(/^max-age=\d+$/)
  expect(tls.headers['content-security-policy']).toContain('upgrade-insecure-requests')
})

test('readiness tells why not', async () => {
  let reason: string | null = 'Starting.'
  const starting = await createTestApp(database.db, { whyNotReady: () => reason })
  const before = await starting.inject('/api/health/ready')
  reason = null
  const after = await starting.inject('/api/health/ready')
  await starting.close()
  expect([before.statusCode, before.json()]).toEqual([503, { status: 'unavailable', reason: 'Starting.' }])
  expect([after.statusCode, after.json()]).toEqual([200, { status: 'ok' }])
})

describe('the API description', () => {
  test('names every route once registered, with valid references, who may call it and how it refuses', async () => {
    const document = (await app.inject('/api/openapi.json')).json()
    const { paths, components } = document
    expect(document.openapi).toMatch(/^3\./)
    expect(paths['/api/auth/sign-in'].post.requestBody.content['application/json'].schema.additionalProperties).toBe(
      false,
    )
    expect(paths['/api/me'].get.security).toHaveLength(2)
    expect(paths['/api/setup'].post.security).toEqual([])
    expect(paths['/api/me'].get.responses.default.content['application/json'].schema.required).toEqual(['error'])
    for (const [, name] of JSON.stringify(paths).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      expect(Object.keys(components.schemas)).toContain(name)
    }
    const described = Object.entries<object>(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
    )
    const registered = routesOf(app).filter((route) => !/^(HEAD|OPTIONS) /.test(route) && route !== 'GET /api/docs')
    expect(registered.length).toBeGreaterThan(15)
    expect(described.sort()).toEqual(registered.sort())
  })

  test('has a page outside production or when asked for, and none else', async () => {
    const page = await app.inject('/api/docs')
    expect(page.statusCode).toBe(200)
    expect(page.body).toContain('<td>/api/user/api-keys/{id}</td>')
    expect(page.body).not.toMatch(/<script|<style|style=|https?:/)
    const production = await createTestApp(database.db, { env: { NODE_ENV: 'production' } })
    expect((await production.inject('/api/docs')).statusCode).toBe(404)
    expect((await production.inject('/api/openapi.json')).statusCode).toBe(200)
    await production.close()
  })
})

describe('the web app', () => {
  let directory: string
  let web: FastifyInstance
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'revoada-web-'))
    await mkdir(join(directory, 'dist', 'assets'), { recursive: true })
    await writeFile(join(directory, 'dist', 'index.html'), '<!doctype html><title>Revoada</title>')
    await writeFile(join(directory, 'dist', 'assets', 'app-1a2b.js'), 'console.log(1)')
    await writeFile(join(directory, 'secret.txt'), 'hunter2')
    web = await createTestApp(database.db, { webDirectory: join(directory, 'dist') })
  })
  afterAll(async () => {
    await web?.close()
    await rm(directory, { recursive: true, force: true })
  })

  test('says what to do when it is not built', async () => {
    const answer = await app.inject('/')
    expect(answer.statusCode).toBe(503)
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(answer.body).toContain('npm run build')
  })

  test.each([
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/assets/../../secret.txt',
    '/assets/none.js',
    '/%2e%2e/secret.txt',
  ])('nothing else can be fetched by %s', async (url) => {
    const answer = await web.inject(url)
    expect(answer.body).not.toContain('hunter2')
    expect(answer.statusCode).toBe(404)
  })

  test('pages get index.html afresh, assets are kept for long, the API stays JSON', async () => {
    for (const url of ['/', '/campanhas/5?x=1', '/index.html', '/apiary']) {
      const page = await web.inject(url)
      expect(page.statusCode).toBe(200)
      expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
      expect(page.headers['cache-control']).toBe('public, max-age=0')
      expect(page.headers['content-security-policy']).toContain("default-src 'self'")
    }
    const asset = await web.inject('/assets/app-1a2b.js')
    expect(asset.headers['cache-control']).toBe('public, max-age=31536000, immutable')
    expect(await refusal({ url: '/api/none' }, web)).toMatchObject({ code: 'NOT_FOUND' })
    expect((await web.inject({ method: 'HEAD', url: '/' })).statusCode).toBe(200)
  })
})

describe('on the wire', () => {
  let port: number
  let wired: FastifyInstance
  beforeAll(async () => {
    wired = await createTestApp(database.db, { routes: [probeRoutes] })
    await wired.listen({ host: '127.0.0.1', port: 0 })
    port = (wired.server.address() as AddressInfo).port
  })
  afterAll(() => wired?.close())

  const send = (bytes: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
      let text = ''
      socket.on('data', (chunk) => (text += String(chunk)))
      socket.on('close', () => resolve(text))
      socket.on('error', reject)
    })

  test('headers that are too large are 431 in our shape', async () => {
    const answer = await send(`GET /api/me HTTP/1.1\r\nHost: x\r\nX-Big: ${'x'.repeat(64 * 1024)}\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 431 /)
    expect(answer).toContain('{"error":{"code":"HEADERS_TOO_LARGE"')
    expect(answer).toContain('x-content-type-options: nosniff')
  })

  test('what is no HTTP is 400 in our shape', async () => {
    const answer = await send('NONSENSE\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).toContain('{"error":{"code":"MALFORMED_REQUEST"')
  })
})

/** `METHOD path` of everything in the router; its lines are a tree, `│   └── me (GET, HEAD)`. */
function routesOf(server: FastifyInstance): string[] {
  const parents: string[] = []
  return server
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, indent = '', part = '', methods = ''] = /^([│├└─ ]*)(\S*)(?: \(([A-Z, ]+)\))?/.exec(line) ?? []
      const depth = indent.length / 4
      parents[depth] = (parents[depth - 1] ?? '') + part
      return methods === '' ? [] : methods.split(', ').map((method) => `${method} ${parents[depth]}`)
    })
}
