import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { SingleMessage } from '#contract/messages.ts'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import { campaignRateLimiter } from '#server/campaigns/campaignRateLimiter.ts'
import { CampaignCreator } from '#server/campaigns/CampaignCreator.ts'
import { campaignRoutes } from '#server/campaigns/campaignRoutes.ts'
import { CampaignService } from '#server/campaigns/CampaignService.ts'
import type { ChannelService } from '#server/channels/ChannelService.ts'
import { progressRoutes } from '#server/dispatch/progressRoutes.ts'
import { createTestApp, signInAs } from '#server/http/testApp.ts'
import { Bell } from '#server/lib/Bell.ts'
import { buildChannel, testSuppressions } from '#server/test/builders.ts'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { messageRoutes } from './messageRoutes.ts'
import { MessageService } from './MessageService.ts'

const PATH = '/api/user/messages'

let test: TestDatabase
let app: FastifyInstance
let user: { id: string; cookie: string }
let channel: { id: string }
let rings = 0

beforeAll(async () => {
  test = await createTestDatabase()
  const { db } = test
  const bell = new Bell()
  bell.onRing(() => void rings++)
  const audit = new AuditLogger()
  // Nothing of a message asks a gateway.
  const channels = {} as ChannelService
  const limiter = campaignRateLimiter({ db, creations: 1000, operations: 1000, progress: 10_000 })
  app = await createTestApp(db, {
    routes: [
      messageRoutes({ db, messages: new MessageService({ db, audit, suppressions: testSuppressions, bell }) }),
      campaignRoutes({
        db,
        campaigns: new CampaignService({ db, audit, channels, bell }),
        creator: new CampaignCreator({ db, audit, channels, suppressions: testSuppressions, bell }),
        limiter,
      }),
      progressRoutes({ db, limiter }),
    ],
  })
})
afterAll(async () => {
  await app.close()
  await test.close()
})
beforeEach(async () => {
  user = await signInAs(app, test.db, 'user')
  channel = await buildChannel(test.db, user.id)
})

type Method = 'GET' | 'POST' | 'DELETE' | 'PATCH'
const call = (method: Method, url: string, payload?: object, headers: Record<string, string> = {}) =>
  app.inject({
    method,
    url,
    headers: { cookie: user.cookie, ...headers },
    ...(payload === undefined ? {} : { payload }),
  })
const body = (changes: object = {}) => ({
  channelId: channel.id,
  phone: '(11) 98765-4321',
  name: 'Ana',
  message: { type: 'text', content: 'Olá {{nome}}' },
  ...changes,
})

async function create(changes: object = {}): Promise<SingleMessage> {
  const answer = await call('POST', PATH, body(changes))
  expect([answer.statusCode, answer.body]).toEqual([201, expect.anything()])
  return answer.json<SingleMessage>()
}

const rowsOf = (id: string) =>
  test.db.selectFrom('campaign_contacts').selectAll().where('campaign_id', '=', id).execute()
const setRow = (id: string, columns: object) =>
  test.db.updateTable('campaign_contacts').set(columns).where('campaign_id', '=', id).execute()
const historyOf = async (id: string) =>
  (await new AuditLogger().getHistory(test.db, id)).map(({ action, userId }) => [action, userId])

describe('a new message', () => {
  it('is on its way when it is answered, and its audit begins with who made it', async () => {
    const before = rings
    const message = await create()
    expect(message).toMatchObject({
      channelId: channel.id,
      phone: '+5511987654321',
      name: 'Ana',
      message: { type: 'text', content: 'Olá {{nome}}' },
      state: 'waiting',
      reason: null,
      attempts: 0,
      scheduledAt: null,
      gatewayMessageId: expect.stringMatching(/^3EB0[0-9A-F]{18}$/),
    })
    expect(rings).toBe(before + 1)
    expect((await call('GET', `${PATH}/${message.messageId}`)).json()).toEqual(message)
    expect(await rowsOf(message.messageId)).toMatchObject([{ id: 1, status: 'pending', phone: '+5511987654321' }])
    expect(await historyOf(message.messageId)).toEqual([
      ['create', user.id],
      ['start', user.id],
    ])
  })

  it('with a time waits for it, as it was meant', async () => {
    const message = await create({ scheduledAt: '2027-01-01T10:00', timeZone: 'America/Sao_Paulo' })
    expect(message).toMatchObject({
      state: 'scheduled',
      scheduledAt: '2027-01-01T13:00:00.000Z',
      timeZone: 'America/Sao_Paulo',
    })
    expect(await historyOf(message.messageId)).toEqual([['create', user.id]])
  })

  it('asked for again under its key is the same message', async () => {
    const headers = { 'idempotency-key': 'order-4711' }
    const answers = await Promise.all(Array.from({ length: 5 }, () => call('POST', PATH, body(), headers)))
    expect(new Set(answers.map((answer) => answer.json<SingleMessage>().messageId)).size).toBe(1)
    expect((await call('GET', PATH)).json().items).toHaveLength(1)
  })

  it.each([
    ['a field that is not known', { delayMin: 5 }, 400, undefined],
    ['no message', { message: undefined }, 400, undefined],
    ['a phone that cannot be dialled', { phone: '123' }, 422, 'phone'],
    ['a phone of another country than was said', { phone: '98765-4321', defaultCountry: 'US' }, 422, 'phone'],
    ['a channel that is not there', { channelId: '00000000-0000-4000-8000-000000000000' }, 422, 'channelId'],
    ['a text that is no template', { message: { type: 'text', content: '{% if %}' } }, 422, 'message.content'],
    [
      'a template of Meta on another gateway',
      { message: { type: 'template', name: 'oi', language: 'pt_BR' } },
      422,
      'message.type',
    ],
    ['a time that has passed', { scheduledAt: '2020-01-01T10:00' }, 422, 'scheduledAt'],
    ['a zone that does not exist', { timeZone: 'America/Sao_Paolo' }, 422, 'timeZone'],
  ])('is refused with %s, and nothing is left behind', async (_what, changes, status, field) => {
    const answer = await call('POST', PATH, body(changes))
    expect([answer.statusCode, answer.json().error.details?.[0]?.field]).toEqual([
      status,
      status === 400 ? expect.anything() : field,
    ])
    expect((await call('GET', PATH)).json().items).toEqual([])
  })

  it('to a number that cannot be dialled is told why', async () => {
    const { details } = (await call('POST', PATH, body({ phone: '98765-4321' }))).json().error
    expect(details[0]).toMatchObject({ field: 'phone', reason: 'MISSING_AREA_CODE' })
  })

  it("on another user's channel is refused as if it were not there", async () => {
    const strangers = await buildChannel(test.db, (await signInAs(app, test.db, 'user')).id)
    expect((await call('POST', PATH, body({ channelId: strangers.id }))).json().error.code).toBe('UNKNOWN_CHANNEL')
  })
})

describe('messages are listed', () => {
  it('newest first, page by page, each once', async () => {
    const made: string[] = []
    for (let n = 0; n < 5; n++) made.push((await create()).messageId)
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const url: string = `${PATH}?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`
      const page = (await call('GET', url)).json<{ items: SingleMessage[]; nextCursor: string | null }>()
      seen.push(...page.items.map(({ messageId }) => messageId))
      cursor = page.nextCursor
    } while (cursor !== null)
    expect(seen).toEqual(made.toReversed())
    expect((await call('GET', `${PATH}?cursor=nonsense`)).statusCode).toBe(400)
  })

  it('in no list of campaigns, and no route of campaigns knows them', async () => {
    const { messageId: id } = await create()
    for (const list of ['', '/active', '/history']) {
      expect((await call('GET', `/api/user/bulk-campaigns${list}`)).json().items).toEqual([])
    }
    const routes: [Method, string][] = [
      ['GET', ''],
      ['GET', '/progress'],
      ['GET', '/contacts'],
      ['POST', '/start'],
      ['POST', '/pause'],
      ['POST', '/resume'],
      ['POST', '/cancel'],
    ]
    for (const [method, path] of routes) {
      const answer = await call(method, `/api/user/bulk-campaigns/${id}${path}`)
      expect([path, answer.statusCode]).toEqual([path, 404])
    }
    expect((await call('GET', `${PATH}/${id}`)).json()).toMatchObject({ state: 'waiting' })
  })
})

describe('a message of somebody else', () => {
  it('answers every route exactly as one that does not exist, and stays as it is', async () => {
    const { messageId: id } = await create()
    const owner = user
    user = await signInAs(app, test.db, 'user')
    const routes: [Method, string][] = [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/send'],
    ]
    for (const [method, path] of routes) {
      const theirs = await call(method, `${PATH}/${id}${path}`)
      const nobodys = await call(method, `${PATH}/00000000-0000-4000-8000-000000000000${path}`)
      expect([theirs.statusCode, theirs.body]).toEqual([404, nobodys.body])
    }
    expect((await call('GET', PATH)).json().items).toEqual([])
    user = owner
    expect((await call('GET', `${PATH}/${id}`)).json()).toMatchObject({ state: 'waiting' })
  })
})

describe('cancelling', () => {
  it.each([{}, { scheduledAt: '2027-01-01T10:00' }])('ends a message that has not gone: %j', async (changes) => {
    const { messageId: id } = await create(changes)
    const answer = await call('DELETE', `${PATH}/${id}`)
    expect([answer.statusCode, answer.json().state]).toEqual([200, 'cancelled'])
    expect(await rowsOf(id)).toMatchObject([{ status: 'cancelled' }])
    const plan = await test.db.selectFrom('campaigns').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
    expect(plan).toMatchObject({ status: 'cancelled', closing: false })
    expect((await historyOf(id)).at(-1)).toEqual(['cancel', user.id])
    const again = await call('DELETE', `${PATH}/${id}`)
    expect([again.statusCode, again.json().error]).toEqual([
      409,
      expect.objectContaining({ code: 'MESSAGE_STATE', details: { state: 'cancelled' } }),
    ])
  })

  it('comes too late for one that has gone out, also before it is called completed', async () => {
    const { messageId: id } = await create()
    await setRow(id, { status: 'sent' })
    const answer = await call('DELETE', `${PATH}/${id}`)
    expect([answer.statusCode, answer.json().error.details]).toEqual([409, { state: 'sent' }])
    const plan = await test.db.selectFrom('campaigns').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
    expect(plan.status).toBe('running')
  })

  it('of one that may have gone out leaves it unknown', async () => {
    const { messageId: id } = await create()
    await setRow(id, { status: 'retrying', maybe_sent: true, next_attempt_at: new Date() })
    await test.db
      .updateTable('campaign_counts')
      .set({ pending: 0, retrying: 1 })
      .where('campaign_id', '=', id)
      .execute()
    expect((await call('DELETE', `${PATH}/${id}`)).json()).toMatchObject({ state: 'unknown' })
  })
})

describe('sending now', () => {
  it.each([
    ['missed', { status: 'paused' as const, pause_reason: 'missed' as const }, 'resume'],
    ['scheduled', { status: 'scheduled' as const }, 'start'],
  ])('puts a message that is %s on its way', async (state, columns, action) => {
    const { messageId: id } = await create({ scheduledAt: '2027-01-01T10:00' })
    await test.db.updateTable('campaigns').set(columns).where('id', '=', id).execute()
    expect((await call('GET', `${PATH}/${id}`)).json().state).toBe(state)
    const answer = await call('POST', `${PATH}/${id}/send`)
    expect([answer.statusCode, answer.json().state]).toEqual([200, 'waiting'])
    expect((await historyOf(id)).at(-1)).toEqual([action, user.id])
  })

  it('lets all of a channel that was held go, because a person says so', async () => {
    const first = await create()
    const second = await create()
    await test.db.updateTable('channels').set({ held_reason: 'blocked' }).where('id', '=', channel.id).execute()
    expect((await call('GET', `${PATH}/${second.messageId}`)).json()).toMatchObject({
      state: 'waiting',
      reason: 'blocked',
    })
    expect((await call('POST', `${PATH}/${first.messageId}/send`)).statusCode).toBe(200)
    expect((await call('GET', `${PATH}/${second.messageId}`)).json()).toMatchObject({ state: 'waiting', reason: null })
  })

  it('is refused for one that is on its way or gone', async () => {
    const { messageId: id } = await create()
    expect((await call('POST', `${PATH}/${id}/send`)).json().error.code).toBe('MESSAGE_STATE')
    await call('DELETE', `${PATH}/${id}`)
    expect((await call('POST', `${PATH}/${id}/send`)).json().error.code).toBe('MESSAGE_STATE')
  })
})
