import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { CampaignMessage } from '#contract/campaignMessages.ts'
import type { Channel } from '#contract/channels.ts'
import { ChannelService } from '#server/channels/ChannelService.ts'
import { channelRoutes } from '#server/channels/channelRoutes.ts'
import { GatewayRegistry } from '#server/channels/GatewayRegistry.ts'
import { DispatchTestBench, untilTrue, type Line } from '#server/dispatch/dispatchTestBench.ts'
import { createTestApp, signInAs } from '#server/http/testApp.ts'
import { APP_SECRET, TestCloud, type TestNumber } from '#server/sandbox/cloud/testCloud.ts'
import { buildCampaign, testBox } from '#server/test/builders.ts'
import { testLog } from '#server/test/testDatabase.ts'
import { hookRoutes } from './hookRoutes.ts'
import { ReceiptApplier } from './ReceiptApplier.ts'

let bench: DispatchTestBench
let app: FastifyInstance
let applier: ReceiptApplier
let publicUrl: string
let user: { id: string; cookie: string }
let number: TestNumber

beforeAll(async () => {
  bench = await DispatchTestBench.open()
  const { db } = bench
  applier = new ReceiptApplier({ db, log: testLog, pollMs: 50 })
  applier.start()
  const local: { url: string | null } = { url: null }
  const channels = new ChannelService({
    db,
    box: testBox,
    gateways: new GatewayRegistry({ box: testBox, sandboxUrl: async () => bench.sandbox.url }),
    sandbox: async () => ({ url: bench.sandbox.url, adminToken: '' }),
    // Read when needed: the port is known only once the app listens.
    get publicUrl() {
      return local.url
    },
    localUrl: () => local.url,
    allowedHosts: [],
    log: testLog,
  })
  app = await createTestApp(db, {
    routes: [channelRoutes({ channels }), hookRoutes({ db, box: testBox, onStored: () => applier.nudge() })],
  })
  local.url = await app.listen({ port: 0, host: '127.0.0.1' })
  publicUrl = local.url
  user = await signInAs(app, db, 'admin')
})
beforeEach(async () => {
  await bench.clear()
  number = await new TestCloud(bench.sandbox).register()
})
afterAll(async () => {
  await bench.clear()
  await applier.stop()
  await app.close()
  await bench.close()
})

async function createChannel(): Promise<Channel> {
  const payload = {
    name: 'Oficial',
    gateway: 'cloud',
    token: number.token,
    phoneNumberId: number.id,
    wabaId: number.wabaId,
    appSecret: APP_SECRET,
    baseUrl: bench.sandbox.url,
  }
  const answer = await app.inject({
    method: 'POST',
    url: '/api/user/channels',
    headers: { cookie: user.cookie },
    payload,
  })
  expect(answer.statusCode).toBe(201)
  expect(answer.body).not.toContain(number.token)
  expect(answer.body).not.toContain(APP_SECRET)
  return answer.json<Channel>()
}

async function campaignOn(channel: Channel, recipients: number, messages?: CampaignMessage[]): Promise<Line> {
  const owner = { userId: user.id, channelId: channel.id }
  const campaign = await buildCampaign(bench.db, owner, { recipients, ...(messages === undefined ? {} : { messages }) })
  return { campaign, sandboxUser: number.id }
}

it('a channel on the Cloud API is ready at once, and Meta reports to an address that answered its question', async () => {
  expect(await createChannel()).toMatchObject({ gateway: 'cloud', status: 'ready' })
  expect(await number.control('GET', '')).toMatchObject({ hasWebhook: true })
})

it('a campaign leaves through it, and signed statuses move the books', async () => {
  const line = await campaignOn(await createChannel(), 40)
  await number.control('PATCH', '/behaviour', { delivered: 1, read: 0 })
  await bench.startWorker()
  await bench.untilStatus(line, 'completed')
  await untilTrue('all are delivered', async () => (await bench.counts(line)).delivered === 40)
  expect(new Set(await bench.accepted(line)).size).toBe(40)
  expect(await bench.hasDrifted(line)).toBe(false)
})

it('a send whose answer was lost is not repeated; the status tells what became of it', async () => {
  const line = await campaignOn(await createChannel(), 3)
  await number.setScript({ '5511910000002': [{ kind: 'resetAfterAccept' }] })
  await bench.startWorker()
  await bench.untilStatus(line, 'completed')
  await untilTrue('the status resolves it', async () => (await bench.counts(line)).unknown === 0)
  const { sent, delivered } = await bench.counts(line)
  expect(sent + delivered).toBe(3)
  expect((await bench.accepted(line)).length).toBe(3)
})

it('a send that nobody ever hears of again stays unknown, and is never sent twice', async () => {
  const line = await campaignOn(await createChannel(), 3)
  await number.control('PATCH', '/behaviour', { sentDelayMs: 600_000 })
  await number.setScript({ '5511910000002': [{ kind: 'resetBeforeAnswer' }] })
  await bench.startWorker()
  await bench.untilStatus(line, 'completed')
  expect(await bench.counts(line)).toMatchObject({ sent: 2, unknown: 1 })
  expect((await number.ledger('read')).length).toBe(3)
})

const APPROVED = { name: 'spring_offer', language: 'pt_BR', body: 'Oi {{1}}, {{2}}.', headerFormat: 'IMAGE' }
const OFFER: CampaignMessage = {
  type: 'template',
  name: 'spring_offer',
  language: 'pt_BR',
  header: { type: 'image', link: 'https://cdn.example.test/a.png' },
  body: [{ text: '{{nome}}' }, { text: '{{saudacao}} em {{data}}' }],
  buttons: [{ kind: 'quickReply', index: 0, value: 'STOP' }],
}

it('a campaign of an approved template leaves as Meta wants it', async () => {
  number = await new TestCloud(bench.sandbox).register({}, { templates: [APPROVED] })
  const line = await campaignOn(await createChannel(), 5, [OFFER])
  await bench.startWorker()
  await bench.untilStatus(line, 'completed')
  expect((await number.ledger('accepted')).map(({ type }) => type)).toEqual(Array(5).fill('template'))
  expect(await bench.counts(line)).toMatchObject({ failed: 0, unknown: 0 })
})

it('a template that is tried again leaves in the same bytes', async () => {
  const line = await campaignOn(await createChannel(), 1, [OFFER])
  await number.setScript({ '5511910000001': [{ kind: 'error', code: 130429, retryAfter: '1' }] })
  await bench.startWorker()
  await bench.untilStatus(line, 'completed')
  const read = await number.ledger('read')
  expect(read.length).toBe(2)
  expect(new Set(read.map(({ bodySha256 }) => bodySha256)).size).toBe(1)
})

it('a template that Meta does not know fails its recipients and is not tried again', async () => {
  const templates = [{ ...APPROVED, name: 'another' }]
  number = await new TestCloud(bench.sandbox).register({}, { templates })
  const line = await campaignOn(await createChannel(), 3, [OFFER])
  await bench.startWorker()
  await bench.untilStatus(line, 'completed')
  expect(await bench.counts(line)).toMatchObject({ failed: 3 })
  expect((await number.ledger('read')).length).toBe(3)
})

const SEQUENCE: CampaignMessage[] = [
  { type: 'text', content: 'um' },
  { type: 'text', content: 'dois', delayBeforeMs: 1000 },
]

it('a failure that names only the id of Meta finds its row, also before our own answer was written', async () => {
  const faults = [{ code: 131026, share: 1, when: 'webhook' as const }]
  await number.control('PATCH', '/behaviour', { faults, echoOnFailed: false, sentDelayMs: 0, statusBatch: 1 })
  const line = await campaignOn(await createChannel(), 20)
  await bench.startWorker()
  await bench.untilStatus(line, 'completed')
  await untilTrue('all are failed', async () => (await bench.counts(line)).failed === 20)
  expect(await bench.hasDrifted(line)).toBe(false)
})

it('a first step that did not arrive ends the sequence, and nobody gets the second', async () => {
  const faults = [{ code: 131049, share: 1, when: 'webhook' as const }]
  await number.control('PATCH', '/behaviour', { faults, echoOnFailed: false })
  const line = await campaignOn(await createChannel(), 3, SEQUENCE)
  await bench.startWorker()
  await bench.untilStatus(line, 'completed')
  expect(await bench.counts(line)).toMatchObject({ failed: 3 })
  expect((await bench.accepted(line)).length).toBe(3)
})

it('a sequence whose first answer was lost goes on once Meta says that it went out, and repeats nothing', async () => {
  const line = await campaignOn(await createChannel(), 3, SEQUENCE)
  await number.setScript({ '5511910000002': [{ kind: 'resetAfterAccept' }] })
  await number.control('PATCH', '/behaviour', { delivered: 1, read: 0 })
  await bench.startWorker()
  await bench.untilStatus(line, 'completed')
  await untilTrue('all are delivered', async () => (await bench.counts(line)).delivered === 3)
  const accepted = await bench.accepted(line)
  expect([accepted.length, new Set(accepted).size]).toEqual([6, 6])
  expect(await bench.hasDrifted(line)).toBe(false)
})

it('an address with the wrong secret, a wrong verify token and a wrong signature are refused alike', async () => {
  const channel = await createChannel()
  const address = `/api/hooks/${channel.id}/${testBox.derive(`webhook-secret/${channel.id}`)}`
  const refused = [
    await app.inject({ url: `${address}?hub.mode=subscribe&hub.verify_token=x&hub.challenge=1` }),
    await app.inject({ url: `/api/hooks/${channel.id}/wrong?hub.mode=subscribe&hub.verify_token=x&hub.challenge=1` }),
    await app.inject({
      method: 'POST',
      url: address,
      payload: '{"object":"whatsapp_business_account","entry":[]}',
      headers: { 'content-type': 'application/json' },
    }),
    await app.inject({
      method: 'POST',
      url: address,
      payload: '{}',
      headers: { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` },
    }),
  ]
  expect(new Set(refused.map(({ statusCode, body }) => `${statusCode} ${body}`)).size).toBe(1)
  expect(refused[0]?.statusCode).toBe(403)
  expect(publicUrl).toMatch(/^http/)
})
