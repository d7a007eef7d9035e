import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import pino from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Channel, ChannelStatusAnswer } from '#contract/channels.ts'
import { AppError } from '#server/lib/AppError.ts'
import { createTestApp, signInAs } from '#server/http/testApp.ts'
import { TestSandbox } from '#server/sandbox/testSandbox.ts'
import { buildCampaign, buildChannel, testBox } from '#server/test/builders.ts'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { findChannelById } from './channelQueries.ts'
import { channelRoutes } from './channelRoutes.ts'
import { ChannelService } from './ChannelService.ts'
import { GatewayRegistry } from './GatewayRegistry.ts'
import {
  type respond,
  respondData,
  respondError,
  startStub,
  type SeenRequest,
  type Stub,
} from './gateways/wuzapiStub.ts'
import { findSandbox, type Sandbox } from './sandboxProcess.ts'

const PATH = '/api/user/channels'
const TOKEN = 'wz-9f27c1d0a4b86e35-SECRET'
const WEBHOOK_KEY = 'hmac-key-0123456789abcdef-0123456789abcdef'
const CLOSED_PORT = 'http://127.0.0.1:9'

let test: TestDatabase
let pretend: TestSandbox
let sandbox: Sandbox
let stub: Stub
let app: FastifyInstance
let channels: ChannelService
let gateways: GatewayRegistry
let admin: { id: string; cookie: string }
let user: { id: string; cookie: string }
let other: { id: string; cookie: string }
const logged: string[] = []

/** How the stub answers `/session/status`; everything else it accepts. */
let session: { connected?: unknown; loggedIn?: unknown; status?: number; error?: string }
/** Its error pages repeat all that was asked. */
let isEcho = false

beforeAll(async () => {
  test = await createTestDatabase()
  pretend = await TestSandbox.start()
  sandbox = (await findSandbox({ directory: pretend.directory })) as Sandbox
  stub = await startStub(answer)
  // Everything, and without the redaction of the real one: what does not come here cannot slip through it.
  const log = pino({ level: 'trace' }, { write: (line) => void logged.push(line) })
  const { db } = test
  gateways = new GatewayRegistry({ box: testBox, sandboxUrl: async () => sandbox.url, deadlineMs: 2000 })
  channels = new ChannelService({
    db,
    box: testBox,
    gateways,
    log,
    sandbox: async () => sandbox,
    publicUrl: 'http://127.0.0.1:1',
    localUrl: () => null,
    allowedHosts: [new URL(stub.url).host],
  })
  app = await createTestApp(db, { routes: [channelRoutes({ channels })], log })
  admin = await signInAs(app, db, 'admin')
  user = await signInAs(app, db, 'user')
  other = await signInAs(app, db, 'user')
})
afterAll(async () => {
  await app.close()
  await gateways.close()
  await stub.close()
  await pretend.stop()
  await test.close()
})
beforeEach(async () => {
  session = { connected: true, loggedIn: true }
  isEcho = false
  stub.seen.length = 0
  logged.length = 0
  await test.db.updateTable('campaigns').set({ status: 'cancelled' }).execute()
  await test.db.updateTable('channels').set({ deleted_at: new Date() }).execute()
})

function answer(request: SeenRequest, response: Parameters<typeof respond>[0]): void {
  if (isEcho)
    respondError(
      response,
      500,
      `not with ${Object.values(request.body).join()} and ${String(request.headers['token'])}`,
    )
  else if (request.path !== '/session/status') respondData(response, { Details: 'ok', webhook: 'ok' })
  else if (session.status === undefined) respondData(response, { jid: '5511999990001:2@s.whatsapp.net', ...session })
  else respondError(response, session.status, session.error ?? 'unauthorized')
}

type Who = { cookie: string }

const call = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, payload?: object, who: Who = user) =>
  app.inject({
    method,
    url: PATH + path,
    headers: { cookie: who.cookie },
    ...(payload === undefined ? {} : { payload }),
  })

const wuzapi = (changes: object = {}) => ({
  gateway: 'wuzapi',
  name: 'Loja',
  baseUrl: stub.url,
  token: TOKEN,
  ...changes,
})

async function create(body: object, who: Who = user): Promise<Channel> {
  const created = await call('POST', '', body, who)
  expect([created.statusCode, created.body]).toEqual([201, expect.any(String)])
  return created.json<Channel>()
}

const rowOf = (id: string) => test.db.selectFrom('channels').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

async function statusOf(id: string, who: Who = user): Promise<ChannelStatusAnswer> {
  const asked = await call('GET', `/${id}/status`, undefined, who)
  expect(asked.statusCode).toBe(200)
  return asked.json<ChannelStatusAnswer>()
}

/** Everything PostgreSQL shows of the row, bytes as hex and as text. */
async function dumpOf(id: string): Promise<string> {
  const row = await rowOf(id)
  return Object.values(row)
    .flatMap((value) =>
      Buffer.isBuffer(value)
        ? [value.toString('latin1'), value.toString('hex'), value.toString('base64')]
        : [JSON.stringify(value)],
    )
    .join('\n')
}

describe('a channel is refused', () => {
  it.each([
    ['with a field that is not known', { isAdmin: true }, 'isAdmin'],
    ['that names its owner', { user_id: randomUUID() }, 'user_id'],
    ['with a pause as text', { minDelay: '5' }, 'minDelay'],
    ['with a pause below nothing', { minDelay: -1 }, 'minDelay'],
    ['with a cap of nothing', { dailyCap: 0 }, 'dailyCap'],
    ['with a cap as text', { dailyCap: '5' }, 'dailyCap'],
    ['without a name', { name: '  ' }, 'name'],
    ['with a token that is no text', { token: 12345678 }, 'token'],
    ['with a token that is too short', { token: 'short' }, 'token'],
    ['with a token that no header can carry', { token: 'símbolo-de-fora' }, 'token'],
    ['with a token that begins with a space', { token: ' a-plain-token' }, 'token'],
    ['with a webhook key that is too short', { webhookKey: 'x'.repeat(31) }, 'webhookKey'],
    ['at an address that is not of the web', { baseUrl: 'file:///etc/passwd' }, 'baseUrl'],
    ['with the behaviour of the sandbox', { sandbox: {} }, 'sandbox'],
  ])('%s', async (_what, changes, field) => {
    const refused = await call('POST', '', wuzapi(changes))
    expect([refused.statusCode, refused.json().error.code]).toEqual([400, 'VALIDATION_FAILED'])
    expect(refused.json().error.details.map((detail: { field: string }) => detail.field)).toContain(field)
    expect((await call('GET', '')).json().items).toEqual([])
    expect(stub.seen).toEqual([])
  })

  it.each([
    ['on a gateway that is not built', { gateway: 'cloud', name: 'x' }],
    ['on the sandbox with an address', { gateway: 'sandbox', name: 'x', baseUrl: 'http://127.0.0.1:1' }],
    ['on the sandbox with a share above all', { gateway: 'sandbox', name: 'x', sandbox: { delivered: 1.1 } }],
    ['on the sandbox with a setting that only tests have', { gateway: 'sandbox', name: 'x', sandbox: { seed: 'x' } }],
  ])('%s', async (_what, body) => {
    expect((await call('POST', '', body)).statusCode).toBe(400)
  })

  it('on the Cloud API with a token or a number that its requests could not carry, also in a change', async () => {
    const cloud = { gateway: 'cloud', name: 'c', token: TOKEN, phoneNumberId: '1234567', appSecret: WEBHOOK_KEY }
    const body = { ...cloud, baseUrl: CLOSED_PORT }
    for (const [field, value] of [
      ['token', 'a token of words'],
      ['phoneNumberId', '1'.repeat(26)],
    ]) {
      const refused = await call('POST', '', { ...body, [field as string]: value }, admin)
      expect(refused.json().error).toMatchObject({ code: 'VALIDATION_FAILED', details: [{ field }] })
    }
    const { id } = await create(body, admin)
    const change = await call('PATCH', `/${id}`, { token: 'a token of words' }, admin)
    expect(change.statusCode).toBe(422)
    expect(change.json().error).toMatchObject({ code: 'UNPROCESSABLE', details: [{ field: 'token' }] })
  })

  it('at a host that is not on the list, unless by an administrator', async () => {
    for (const baseUrl of [
      CLOSED_PORT,
      stub.url.replace(/\d+$/, '81'),
      'http://169.254.169.254/latest',
      stub.url.replace('127.0.0.1', 'localhost'),
    ]) {
      const refused = await call('POST', '', wuzapi({ baseUrl }))
      expect([refused.statusCode, refused.json().error.code]).toEqual([403, 'GATEWAY_HOST_NOT_ALLOWED'])
    }
    expect((await call('GET', '')).json().items).toEqual([])
    expect((await create(wuzapi({ baseUrl: CLOSED_PORT }), admin)).status).toBe('unreachable')
  })

  it('when it is edited to a host that is not on the list', async () => {
    const { id } = await create(wuzapi())
    const refused = await call('PATCH', `/${id}`, { baseUrl: CLOSED_PORT })
    expect([refused.statusCode, refused.json().error.code]).toEqual([403, 'GATEWAY_HOST_NOT_ALLOWED'])
    expect((await rowOf(id)).base_url).toBe(stub.url)
  })

  it('when it is edited to another origin without the token, which does not go there', async () => {
    const thief = await startStub(answer)
    try {
      for (const [stored, change, fields] of [
        [{}, {}, ['token']],
        [{}, { name: 'x', minDelay: 1 }, ['token']],
        [{ webhookKey: WEBHOOK_KEY }, {}, ['token', 'webhookKey']],
        [{ webhookKey: WEBHOOK_KEY }, { token: `${TOKEN}-2` }, ['webhookKey']],
      ] as const) {
        const { id } = await create(wuzapi(stored), admin)
        const before = await rowOf(id)
        const refused = await call('PATCH', `/${id}`, { ...change, baseUrl: `${thief.url}/` }, admin)
        expect([refused.statusCode, refused.json().error.code]).toEqual([422, 'UNPROCESSABLE'])
        expect(refused.json().error.details.map(({ field }: { field: string }) => field)).toEqual(fields)
        expect(await rowOf(id)).toEqual(before)
        await call('GET', `/${id}/status`, undefined, admin)
        expect((await call('DELETE', `/${id}`, undefined, admin)).statusCode).toBe(204)
      }
      const cloud = { gateway: 'cloud', name: 'c', token: TOKEN, phoneNumberId: '1234567', appSecret: WEBHOOK_KEY }
      const { id } = await create({ ...cloud, baseUrl: CLOSED_PORT }, admin)
      expect((await call('PATCH', `/${id}`, { baseUrl: thief.url }, admin)).statusCode).toBe(422)
      expect(thief.seen).toEqual([])

      const moved = await create(wuzapi({ token: `${TOKEN}-3` }), admin)
      const ok = await call('PATCH', `/${moved.id}`, { baseUrl: thief.url, token: 'made-for-there' }, admin)
      expect(ok.statusCode).toBe(200)
      const path = await call('PATCH', `/${moved.id}`, { baseUrl: `${thief.url}/wuzapi` }, admin)
      expect(path.statusCode).toBe(200)
      expect(thief.seen.length).toBeGreaterThan(0)
      expect(JSON.stringify(thief.seen)).not.toContain(TOKEN)
    } finally {
      await thief.close()
    }
  })

  it('without a sign-in', async () => {
    const { id } = await create(wuzapi())
    for (const [method, path] of [
      ['GET', ''],
      ['POST', ''],
      ['GET', `/${id}`],
      ['PATCH', `/${id}`],
      ['DELETE', `/${id}`],
      ['GET', `/${id}/status`],
    ] as const) {
      expect(
        (await call(method, path, method === 'POST' || method === 'PATCH' ? {} : undefined, { cookie: '' })).statusCode,
      ).toBe(401)
    }
  })

  it.each([
    ['an address', { baseUrl: 'http://127.0.0.1:1' }],
    ['a token', { token: 'another-token' }],
    ['a webhook key', { webhookKey: 'k'.repeat(32) }],
  ])('when it is on the sandbox and gets %s', async (_what, change) => {
    const { id } = await create({ gateway: 'sandbox', name: 'Teste' })
    const refused = await call('PATCH', `/${id}`, change)
    expect([refused.statusCode, refused.json().error.code]).toEqual([422, 'UNPROCESSABLE'])
  })

  it.each([
    ['nothing', {}],
    ['the gateway', { gateway: 'sandbox' }],
    ['the status', { status: 'ready' }],
    ['a null token', { token: null }],
  ])('when it is edited and names %s', async (_what, change) => {
    const { id } = await create(wuzapi())
    expect((await call('PATCH', `/${id}`, change)).statusCode).toBe(400)
  })
})

describe('a token', () => {
  it('is in no answer, in no line of the log and not in the database', async () => {
    const answers: string[] = []
    const keep = async (pending: ReturnType<typeof call>) => {
      const { body, headers, statusCode } = await pending
      answers.push(`${statusCode} ${JSON.stringify(headers)} ${body}`)
      return body
    }
    const { id } = JSON.parse(await keep(call('POST', '', wuzapi({ webhookKey: WEBHOOK_KEY })))) as Channel
    await keep(call('POST', '', wuzapi({ webhookKey: WEBHOOK_KEY })))
    await keep(call('POST', '', wuzapi({ nope: TOKEN })))
    await keep(call('POST', '', wuzapi({ token: [TOKEN], webhookKey: [WEBHOOK_KEY] })))
    await keep(call('POST', '', wuzapi({ baseUrl: CLOSED_PORT })))
    isEcho = true
    await keep(call('PATCH', `/${id}`, { token: `${TOKEN}-2`, webhookKey: WEBHOOK_KEY }))
    await keep(call('PATCH', `/${id}`, { token: TOKEN, minDelay: 7 }))
    for (const path of ['', `/${id}`, `/${id}/status`]) await keep(call('GET', path))
    const shown = answers.join('\n') + logged.join('')
    expect(logged.some((line) => line.includes('webhook not registered'))).toBe(true)
    expect(stub.seen.some((request) => request.headers['token'] === TOKEN)).toBe(true)
    for (const secret of [TOKEN, WEBHOOK_KEY]) expect(findPart(shown, secret)).toBeNull()
    const dump = await dumpOf(id)
    for (const secret of [TOKEN, WEBHOOK_KEY]) expect(findPart(dump, secret)).toBeNull()
  })

  it('and the secret of the webhook address stay out of the log when the gateway refuses and repeats them', async () => {
    const { id } = await create(wuzapi())
    const address =
      stub.seen
        .map((request) => request.body['webhookurl'])
        .find((url): url is string => typeof url === 'string' && url !== '') ?? ''
    const secret = address.split('/').at(-1) ?? ''
    expect(secret.length).toBeGreaterThan(20)
    isEcho = true
    await call('PATCH', `/${id}`, { minDelay: 5 })
    expect(logged.some((line) => line.includes('webhook not registered'))).toBe(true)
    expect(findPart(logged.join(''), secret)).toBeNull()
    expect(findPart(await dumpOf(id), secret)).toBeNull()
  })

  it('serves one channel of a user, also when both are made at once', async () => {
    const answers = await Promise.all([call('POST', '', wuzapi()), call('POST', '', wuzapi({ name: 'Outra' }))])
    expect(answers.map((one) => one.statusCode).toSorted((a, b) => a - b)).toEqual([201, 409])
    const refused = await call('POST', '', wuzapi())
    expect([refused.statusCode, refused.json().error.code]).toEqual([409, 'TOKEN_IN_USE'])
    const { id } = await create(wuzapi({ token: 'another-token' }))
    const taken = await call('PATCH', `/${id}`, { token: TOKEN })
    expect([taken.statusCode, taken.json().error.code]).toEqual([409, 'TOKEN_IN_USE'])
  })

  it('serves two users alike, and neither learns of the other', async () => {
    const alone = await call('POST', '', wuzapi({ token: `${TOKEN}-alone` }), other)
    await create(wuzapi())
    const second = await call('POST', '', wuzapi(), other)
    expect(shapeOf(second)).toEqual(shapeOf(alone))
    const hashes = await test.db.selectFrom('channels').select('token_hash').where('deleted_at', 'is', null).execute()
    expect(hashes).toHaveLength(3)
  })

  it('can be used again once its channel is deleted', async () => {
    const { id } = await create(wuzapi())
    expect((await call('DELETE', `/${id}`)).statusCode).toBe(204)
    await create(wuzapi())
  })

  it('that is changed is the one the gateway hears from then on', async () => {
    const { id } = await create(wuzapi())
    await statusOf(id)
    expect(stub.seen.at(-1)?.headers['token']).toBe(TOKEN)
    await call('PATCH', `/${id}`, { token: `${TOKEN}-2` })
    await statusOf(id)
    expect(stub.seen.at(-1)?.headers['token']).toBe(`${TOKEN}-2`)
  })

  it('put in the row of another channel is refused, and no gateway hears it', async () => {
    const a = await create(wuzapi())
    const b = await create(wuzapi({ token: 'another-token' }))
    const [rowA, rowB] = [await rowOf(a.id), await rowOf(b.id)]
    for (const [id, from] of [
      [a.id, rowB],
      [b.id, rowA],
    ] as const) {
      const { token_ciphertext, token_hash } = from
      await test.db
        .updateTable('channels')
        .set({ token_ciphertext, token_hash: Buffer.concat([token_hash, Buffer.from('x')]) })
        .where('id', '=', id)
        .execute()
    }
    stub.seen.length = 0
    for (const id of [a.id, b.id]) {
      const swapped = await findChannelById(test.db, id)
      const refused = (await gateways.get(swapped as NonNullable<typeof swapped>)).status()
      await expect(refused).rejects.toMatchObject({ failure: { category: 'UNAUTHORIZED', code: 'TOKEN_UNREADABLE' } })
      expect((await statusOf(id)).status).toBe('unauthorized')
    }
    expect(stub.seen).toEqual([])
    expect(findPart(logged.join(''), TOKEN)).toBeNull()
  })
})

describe('the status of a channel', () => {
  it.each([
    ['ready', { connected: true, loggedIn: true }],
    ['logged_out', { connected: true, loggedIn: false }],
    ['disconnected', { connected: false, loggedIn: true }],
    ['disconnected', { connected: false, loggedIn: false }],
    ['logged_out', { connected: true, loggedIn: 'true' }],
    ['disconnected', { connected: 1, loggedIn: true }],
    ['disconnected', {}],
    ['unauthorized', { status: 401, error: 'unauthorized' }],
    ['disconnected', { status: 500, error: 'no session' }],
    ['unreachable', { status: 502, error: 'bad gateway' }],
  ])('is %s at %j', async (status, answered) => {
    const { id } = await create(wuzapi())
    session = answered
    const asked = await statusOf(id)
    expect(asked.status).toBe(status)
    expect(Math.abs(new Date(asked.checkedAt).getTime() - Date.now())).toBeLessThan(60_000)
    expect((await call('GET', `/${id}`)).json()).toMatchObject({ status, statusCheckedAt: asked.checkedAt })
    if (status !== 'ready') await expect(channels.requireReady(user.id, id)).rejects.toThrow(AppError)
  })

  it('names the number once it is paired', async () => {
    const { id } = await create(wuzapi())
    expect(await statusOf(id)).toMatchObject({
      status: 'ready',
      connected: true,
      loggedIn: true,
      number: '5511999990001',
    })
    await expect(channels.requireReady(user.id, id)).resolves.toBeUndefined()
  })

  it('is unreachable where nobody listens', async () => {
    const { id } = await create(wuzapi({ baseUrl: CLOSED_PORT }), admin)
    expect(await statusOf(id, admin)).toMatchObject({
      status: 'unreachable',
      connected: false,
      loggedIn: false,
      number: null,
    })
    await expect(channels.requireReady(admin.id, id)).rejects.toMatchObject({ code: 'DISCONNECTED' })
  })

  it('is told apart when the gateway does not take the token', async () => {
    const { id } = await create(wuzapi())
    session = { status: 401, error: 'unauthorized' }
    await expect(channels.requireReady(user.id, id)).rejects.toMatchObject({ code: 'CHANNEL_UNAUTHORIZED' })
    expect((await call('GET', `/${id}/status`)).statusCode).toBe(200)
  })
})

describe('the daily cap', () => {
  it('is none unless it is given, and can be set, shown and taken away with its zone', async () => {
    const made = await create(wuzapi())
    expect(made).toMatchObject({ dailyCap: null, timeZone: 'America/Sao_Paulo' })
    const changed = await call('PATCH', `/${made.id}`, { dailyCap: 250, timeZone: 'America/Manaus' })
    expect(changed.json()).toMatchObject({ dailyCap: 250, timeZone: 'America/Manaus' })
    expect((await call('GET', `/${made.id}`)).json()).toMatchObject({ dailyCap: 250, timeZone: 'America/Manaus' })
    expect((await call('PATCH', `/${made.id}`, { dailyCap: null })).json()).toMatchObject({ dailyCap: null })
    expect(await create(wuzapi({ token: randomUUID(), dailyCap: 9 }))).toMatchObject({ dailyCap: 9 })
  })

  it.each(['America/Sao_Paolo', '<x>-03:00', 'Mars'])(
    'in a zone that does not exist is refused (%s)',
    async (timeZone) => {
      const refused = await call('POST', '', wuzapi({ dailyCap: 5, timeZone }))
      expect([refused.statusCode, refused.json().error.details[0].field]).toEqual([422, 'timeZone'])
    },
  )
})

describe('a channel on the sandbox', () => {
  it('is known there at once, with its behaviour, its key and its webhook', async () => {
    const made = await create({
      gateway: 'sandbox',
      name: 'Teste',
      minDelay: 20,
      sandbox: { latencyMinMs: 3, latencyMaxMs: 7 },
    })
    expect(made).toMatchObject({ gateway: 'sandbox', baseUrl: null, minDelay: 20, status: 'ready' })
    const { json } = await pretend.call('GET', '/admin/users', { admin: true })
    const known = (json as { data: { name: string; webhook: string }[] }).data.find((one) =>
      one.webhook.includes(made.id),
    )
    expect(known).toMatchObject({
      name: 'Teste',
      webhook: expect.stringMatching(`^http://127.0.0.1:1/api/hooks/${made.id}/[\\w-]{43}$`) as string,
    })
  })

  it('behaves as told from the next request on, and keeps what was not named', async () => {
    const { id } = await create({ gateway: 'sandbox', name: 'Teste', sandbox: { latencyMaxMs: 7, read: 0.5 } })
    expect((await call('PATCH', `/${id}`, { sandbox: { read: 0.25 } })).statusCode).toBe(200)
    expect((await rowOf(id)).settings).toEqual({ sandbox: { latencyMaxMs: 7, read: 0.25 } })
  })

  it('takes a longest answer below the shortest for what it is: not possible', async () => {
    const sandboxOf = (latencyMinMs: number, latencyMaxMs: number) => ({ sandbox: { latencyMinMs, latencyMaxMs } })
    const { id } = await create({ gateway: 'sandbox', name: 'Teste', ...sandboxOf(10, 20) })
    expect((await call('PATCH', `/${id}`, sandboxOf(50, 20))).statusCode).toBeLessThan(500)
    expect(
      (await call('POST', '', { gateway: 'sandbox', name: 'Teste', ...sandboxOf(50, 20) })).statusCode,
    ).toBeLessThan(500)
    expect((await statusOf(id)).status).toBe('ready')
  })
})

describe('a deleted channel', () => {
  it('is gone for its user and its secrets are forgotten', async () => {
    const { id } = await create(wuzapi({ webhookKey: WEBHOOK_KEY }))
    expect((await call('DELETE', `/${id}`)).statusCode).toBe(204)
    const row = await rowOf(id)
    expect([row.token_ciphertext.length, row.token_hash.length, row.webhook_key_ciphertext]).toEqual([0, 0, null])
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/status'],
      ['DELETE', ''],
    ] as const) {
      expect((await call(method, `/${id}${path}`)).statusCode).toBe(404)
    }
    expect((await call('PATCH', `/${id}`, { name: 'x' })).statusCode).toBe(404)
    expect((await call('GET', '')).json()).toEqual({ items: [], nextCursor: null })
  })

  it('leaves no open gateway behind that still knows the token', async () => {
    const { id } = await create(wuzapi())
    const row = await rowOf(id)
    const open = await gateways.get(row)
    expect(await gateways.get(row)).toBe(open)
    await call('DELETE', `/${id}`)
    await expect(open.status()).rejects.toThrow()
    expect(await gateways.get(row)).not.toBe(open)
  })

  it.each([['draft'], ['scheduled'], ['running'], ['paused']] as const)(
    'cannot be one whose campaign is %s',
    async (status) => {
      const { id } = await create(wuzapi())
      const campaign = await buildCampaign(test.db, { userId: user.id, channelId: id }, { status, recipients: 1 })
      const refused = await call('DELETE', `/${id}`)
      expect([refused.statusCode, refused.json().error.code]).toEqual([409, 'CHANNEL_IN_USE'])
      expect((await statusOf(id)).status).toBe('ready')
      await test.db.updateTable('campaigns').set({ status: 'completed' }).where('id', '=', campaign.id).execute()
      expect((await call('DELETE', `/${id}`)).statusCode).toBe(204)
    },
  )
})

it("another user's channel is the same as none, byte for byte, and an administrator's too", async () => {
  const { id } = await create(wuzapi(), admin)
  const nothing = randomUUID()
  const before = await rowOf(id)
  stub.seen.length = 0
  for (const [method, path, body] of [
    ['GET', '', undefined],
    ['GET', '/status', undefined],
    ['DELETE', '', undefined],
    ['PATCH', '', { name: 'mine' }],
    ['PATCH', '', { token: 'another-token' }],
    ['PATCH', '', { baseUrl: CLOSED_PORT }],
    ['PATCH', '', { sandbox: { read: 1 } }],
  ] as const) {
    const theirs = await call(method, `/${id}${path}`, body)
    const none = await call(method, `/${nothing}${path}`, body)
    expect(theirs.statusCode).toBe(404)
    expect(wholeOf(theirs)).toEqual(wholeOf(none))
  }
  expect(await rowOf(id)).toEqual(before)
  expect(stub.seen).toEqual([])
  expect((await call('GET', '')).json().items).toEqual([])
})

it('gateways are told again where their webhooks go, and one that does not answer keeps no other from it', async () => {
  await create(wuzapi({ baseUrl: CLOSED_PORT }), admin)
  await buildChannel(test.db, user.id, { gateway: 'wuzapi', baseUrl: CLOSED_PORT })
  const { id } = await create(wuzapi({ webhookKey: WEBHOOK_KEY }))
  stub.seen.length = 0
  await channels.registerWebhooks()
  const mine = stub.seen.filter(
    (request) => request.path === '/webhook' && String(request.body['webhookurl']).includes(id),
  )
  expect(mine).toHaveLength(1)
  expect(mine[0]?.body['events']).toContain('ReadReceipt')
  expect(stub.seen.find((request) => request.path === '/session/hmac/config')?.body).toEqual({ hmac_key: WEBHOOK_KEY })
})

type Answered = Awaited<ReturnType<typeof call>>

/** Status, headers and body, without what differs from answer to answer whatever it says. */
function wholeOf({ body, headers, statusCode }: Answered): unknown {
  const { date: _date, 'x-request-id': _id, ...rest } = headers
  return { statusCode, body, headers: rest }
}

function shapeOf(answered: Answered): unknown {
  const { id: _id, createdAt: _created, statusCheckedAt: _checked, ...rest } = answered.json<Channel>()
  return { statusCode: answered.statusCode, rest, headers: Object.keys(answered.headers) }
}

/** The first stretch of nine characters of `secret` that stands in `text`; null when there is none. */
function findPart(text: string, secret: string): string | null {
  for (let at = 0; at + 9 <= secret.length; at++) {
    const part = secret.slice(at, at + 9)
    if (text.includes(part)) return part
  }
  return null
}
