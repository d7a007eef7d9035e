import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { ChannelQr } from '#contract/channels.ts'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import { DispatchTestBench, untilTrue } from '#server/dispatch/dispatchTestBench.ts'
import { createTestApp, signInAs } from '#server/http/testApp.ts'
import type { SandboxSettings } from '#server/sandbox/settings.ts'
import { buildCampaign, buildChannel, testBox } from '#server/test/builders.ts'
import { testLog } from '#server/test/testDatabase.ts'
import { ChannelPairing } from './ChannelPairing.ts'
import { ChannelService } from './ChannelService.ts'
import type { GatewayRegistry } from './GatewayRegistry.ts'
import { pairingRoutes } from './pairingRoutes.ts'

const PATIENCE_MS = 1200
const PICTURE = /^data:image\/png;base64,iVBORw0KGgo[A-Za-z0-9+/]+=*$/

let bench: DispatchTestBench
let gateways: GatewayRegistry
let app: FastifyInstance
let user: { id: string; cookie: string }

beforeAll(async () => {
  bench = await DispatchTestBench.open()
  const { db, sandbox } = bench
  gateways = bench.newGateways()
  const channels = new ChannelService({
    db,
    box: testBox,
    gateways,
    sandbox: async () => ({ url: sandbox.url, adminToken: '' }),
    publicUrl: null,
    localUrl: () => null,
    allowedHosts: [],
    log: testLog,
  })
  const pairing = new ChannelPairing({ db, audit: new AuditLogger(), gateways, channels, patienceMs: PATIENCE_MS })
  app = await createTestApp(db, { routes: [pairingRoutes({ pairing })] })
  user = await signInAs(app, db, 'user')
})
afterAll(async () => {
  await app.close()
  await gateways.close()
  await bench.close()
})
beforeEach(async () => {
  user = await signInAs(app, bench.db, 'user')
})
afterEach(() => bench.clear())

/** A number, and who it is at the sandbox. */
async function newPhone(behaviour: SandboxSettings = {}) {
  const channel = await buildChannel(bench.db, user.id)
  return { ...channel, sandboxUser: await bench.sandbox.register(channel.token, { autoPairMs: 0, ...behaviour }) }
}

async function call(method: 'GET' | 'POST', id: string, what: string) {
  const url = `/api/user/channels/${id}/${what}`
  const answer = await app.inject({ method, url, headers: { cookie: user.cookie } })
  return { status: answer.statusCode, json: answer.json(), body: answer.body }
}

const connect = (id: string) => call('POST', id, 'connect')
const disconnect = (id: string) => call('POST', id, 'disconnect')
const qrOf = async (id: string) => (await call('GET', id, 'qr')).json as ChannelQr

async function statusOf(id: string): Promise<string> {
  const row = await bench.db.selectFrom('channels').select('status').where('id', '=', id).executeTakeFirstOrThrow()
  return row.status
}

it('a number that was logged out is paired by its code, and then its messages arrive', async () => {
  const phone = await newPhone({ autoPairMs: 700 })
  expect(await disconnect(phone.id)).toMatchObject({ status: 200, json: { status: 'disconnected', loggedIn: false } })
  const campaign = await buildCampaign(
    bench.db,
    { userId: user.id, channelId: phone.id },
    { recipients: 3, status: 'draft' },
  )
  expect(await connect(phone.id)).toMatchObject({ status: 200, json: { state: 'connecting' } })
  // Nobody has looked at the code yet, so nobody has scanned it.
  await sleep(1000)
  expect(await connect(phone.id)).toMatchObject({ json: { state: 'connecting' } })
  const first = await qrOf(phone.id)
  expect(first).toMatchObject({ state: 'waiting', qr: expect.stringMatching(PICTURE) })
  expect(first.expiresInSeconds).toBeGreaterThan(50)
  expect(first.expiresInSeconds).toBeLessThanOrEqual(60)
  await untilTrue('it is scanned', async () => (await qrOf(phone.id)).state === 'connected')
  expect(await qrOf(phone.id)).toEqual({ state: 'connected', qr: null, expiresInSeconds: null })
  expect(await statusOf(phone.id)).toBe('ready')
  expect(await connect(phone.id)).toMatchObject({ json: { state: 'connected' } })

  await bench.startWorker()
  await bench.moveTo({ campaign, sandboxUser: phone.sandboxUser }, 'running')
  await untilTrue('they are sent', async () => (await bench.sandbox.ledger(phone.sandboxUser, 'accepted')).length === 3)
  const events = await bench.db
    .selectFrom('audit_events')
    .selectAll()
    .where('target', '=', phone.id)
    .orderBy('id')
    .execute()
  expect(events.map(({ action, user_id: by }) => [action, by])).toEqual([
    ['channel-disconnect', user.id],
    ['channel-connect', user.id],
  ])
})

it('two presses of the button open one connection', async () => {
  const phone = await newPhone({ latencyMinMs: 50, latencyMaxMs: 50 })
  await bench.sandbox.setState(phone.sandboxUser, { state: 'absent' })
  const answers = await Promise.all([connect(phone.id), connect(phone.id)])
  expect(answers.map(({ json }) => json.state)).toEqual(['connected', 'connected'])
  const events = await bench.db.selectFrom('audit_events').select('action').where('target', '=', phone.id).execute()
  expect(events).toEqual([{ action: 'channel-connect' }])
})

it('codes that nobody scans end, and connecting again shows new ones', async () => {
  const phone = await newPhone({ qrLifeMs: 400 })
  await disconnect(phone.id)
  await connect(phone.id)
  const first = await qrOf(phone.id)
  expect(first.state).toBe('waiting')
  await untilTrue('the session ends', async () => (await qrOf(phone.id)).state === 'expired')
  expect(await qrOf(phone.id)).toEqual({ state: 'expired', qr: null, expiresInSeconds: null })
  await connect(phone.id)
  expect((await qrOf(phone.id)).state).toBe('waiting')
})

it('a number that waits to be scanned can be told to stop', async () => {
  const phone = await newPhone()
  await disconnect(phone.id)
  await connect(phone.id)
  expect(await disconnect(phone.id)).toMatchObject({ status: 200, json: { status: 'disconnected' } })
  expect((await qrOf(phone.id)).state).toBe('expired')
})

it('a paired number whose socket is down gets time to come back before a second connection is opened', async () => {
  const phone = await newPhone()
  const { sandbox } = bench
  await sandbox.setState(phone.sandboxUser, { state: 'dropped' })
  const [answer] = await Promise.all([
    connect(phone.id),
    sleep(300).then(() => sandbox.setState(phone.sandboxUser, { state: 'ready' })),
  ])
  expect(answer).toMatchObject({ json: { state: 'connected' } })
  const connects = () => bench.db.selectFrom('audit_events').select('action').where('target', '=', phone.id).execute()
  expect(await connects()).toEqual([])
  await sandbox.setState(phone.sandboxUser, { state: 'dropped' })
  expect(await connect(phone.id)).toMatchObject({ json: { state: 'connected' } })
  expect(await connects()).toEqual([{ action: 'channel-connect' }])
})

it('a connection that gets no socket shows no code for ever', async () => {
  const phone = await newPhone()
  await bench.sandbox.setState(phone.sandboxUser, { state: 'registered-dead' })
  const asked = performance.now()
  expect((await qrOf(phone.id)).state).toBe('expired')
  expect(performance.now() - asked).toBeGreaterThan(PATIENCE_MS * 0.9)
})

it('a number without a connection cannot be logged out', async () => {
  const phone = await newPhone()
  await bench.sandbox.setState(phone.sandboxUser, { state: 'absent' })
  expect(await disconnect(phone.id)).toMatchObject({ status: 409, json: { error: { code: 'CHANNEL_NOT_CONNECTED' } } })
})

it("a gateway's refusal is told by its kind, and the token by nothing", async () => {
  const stranger = await buildChannel(bench.db, user.id, { token: 'a-token-that-nobody-has' })
  for (const answer of [
    await connect(stranger.id),
    await disconnect(stranger.id),
    await call('GET', stranger.id, 'qr'),
  ]) {
    expect([answer.status, answer.json.error.code]).toEqual([401, 'CHANNEL_UNAUTHORIZED'])
    expect(answer.body).not.toContain('nobody')
  }
  const gone = await buildChannel(bench.db, user.id, { gateway: 'wuzapi', baseUrl: 'http://127.0.0.1:9' })
  expect(await connect(gone.id)).toMatchObject({ status: 503, json: { error: { code: 'SERVER_BUSY' } } })
})

it('a number of the Cloud API is connected at Meta', async () => {
  const channel = await buildChannel(bench.db, user.id, { gateway: 'cloud', baseUrl: bench.sandbox.url })
  expect(await qrOf(channel.id)).toEqual({ state: 'unsupported', qr: null, expiresInSeconds: null })
  expect((await connect(channel.id)).status).toBe(422)
  expect((await disconnect(channel.id)).status).toBe(422)
})
