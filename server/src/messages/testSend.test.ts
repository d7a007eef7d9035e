import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { CampaignMessage } from '#contract/campaigns.ts'
import type { SingleMessage } from '#contract/messages.ts'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import { campaignRateLimiter } from '#server/campaigns/campaignRateLimiter.ts'
import { DispatchTestBench, untilTrue } from '#server/dispatch/dispatchTestBench.ts'
import { createTestApp, signInAs } from '#server/http/testApp.ts'
import { Bell } from '#server/lib/Bell.ts'
import { buildCampaign, buildChannel, testSuppressions } from '#server/test/builders.ts'
import { MessageService } from './MessageService.ts'
import { testSendRoutes } from './testSendRoutes.ts'

const ME = { phone: '11 98765-4321', name: 'Ana', variables: { cupom: 'PAO10' } }
const STEPS: CampaignMessage[] = [
  { type: 'text', content: 'Oi {{nome}}, use {{cupom}} em {{"now" | date: "%z"}}' },
  { type: 'text', content: 'Até logo' },
]

let bench: DispatchTestBench
let app: FastifyInstance
let bell: Bell
let user: { id: string; cookie: string }

beforeAll(async () => {
  bench = await DispatchTestBench.open()
  bell = new Bell()
  const { db } = bench
  const audit = new AuditLogger()
  const messages = new MessageService({ db, audit, suppressions: testSuppressions, bell })
  const limiter = campaignRateLimiter({ db, creations: 1000, operations: 5, progress: 1000 })
  app = await createTestApp(db, { routes: [testSendRoutes({ db, messages, limiter })] })
})
afterAll(async () => {
  await app.close()
  await bench.close()
})
beforeEach(async () => {
  user = await signInAs(app, bench.db, 'user')
})
afterEach(() => bench.clear())

async function newCampaign(status: 'draft' | 'running' = 'draft') {
  const channel = await buildChannel(bench.db, user.id)
  const sandboxUser = await bench.sandbox.register(channel.token)
  const campaign = await buildCampaign(
    bench.db,
    { userId: user.id, channelId: channel.id },
    { status, messages: STEPS },
  )
  await bench.db.updateTable('campaigns').set({ time_zone: 'Asia/Tokyo' }).where('id', '=', campaign.id).execute()
  return { campaign, sandboxUser, channel }
}

const send = (id: string, payload: object, headers: Record<string, string> = {}) =>
  app.inject({
    method: 'POST',
    url: `/api/user/bulk-campaigns/${id}/test`,
    headers: { cookie: user.cookie, ...headers },
    payload,
  })

it('the first message of a draft goes to one person just as it will go to all, and the books stay as they are', async () => {
  const line = await newCampaign()
  const { campaign, sandboxUser, channel } = line
  const before = await bench.counts(line)
  await bench.startWorker({ bell })
  const answer = await send(campaign.id, ME)
  expect([answer.statusCode, answer.json()]).toEqual([
    201,
    expect.objectContaining({ channelId: channel.id, phone: '+5511987654321', state: 'waiting', message: STEPS[0] }),
  ])
  await untilTrue('it is sent', async () => (await bench.sandbox.ledger(sandboxUser, 'accepted')).length > 0)
  const lines = await bench.sandbox.ledger(sandboxUser, 'accepted')
  const { gatewayMessageId: Id, messageId } = answer.json<SingleMessage>()
  const body = JSON.stringify({ Phone: '5511987654321', Id, Body: 'Oi Ana, use PAO10 em +0900', LinkPreview: false })
  expect(lines).toMatchObject([
    { number: '5511987654321', messageId: Id, bodySha256: createHash('sha256').update(body).digest('hex') },
  ])
  expect(await bench.counts(line)).toEqual(before)
  expect((await bench.rowOf(line)).status).toBe('draft')
  const [created] = await new AuditLogger().getHistory(bench.db, messageId)
  expect(created).toMatchObject({ action: 'create', userId: user.id, details: { kind: 'single', testOf: campaign.id } })
})

it('asked for again under its key it is the same message', async () => {
  const { campaign } = await newCampaign()
  const headers = { 'idempotency-key': 'test-1' }
  const answers = await Promise.all([send(campaign.id, ME, headers), send(campaign.id, ME, headers)])
  expect(new Set(answers.map((answer) => answer.json<SingleMessage>().messageId)).size).toBe(1)
})

it('nobody is written to by it who may not be, or cannot', async () => {
  const { campaign, channel } = await newCampaign()
  expect((await send(campaign.id, { phone: 'x' })).statusCode).toBe(422)
  expect((await send(campaign.id, { ...ME, channelId: channel.id })).statusCode).toBe(400)
  const headers = { token: 'of-nobody-at-all' }
  expect((await send(campaign.id, ME, headers)).json().error.code).toBe('CHANNEL_TOKEN_REJECTED')
  expect((await send('00000000-0000-4000-8000-000000000000', ME)).statusCode).toBe(404)
  // Five in a minute here.
  expect((await send(campaign.id, ME)).statusCode).toBe(201)
  expect((await send(campaign.id, ME)).json().error.code).toBe('RATE_LIMIT')
})
