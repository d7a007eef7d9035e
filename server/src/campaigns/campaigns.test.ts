import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { CampaignDetails, CampaignState, CreatedCampaign } from '#contract/campaigns.ts'
import { CAMPAIGN_STATUSES, type CampaignStatus } from '#contract/states.ts'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import { ChannelService } from '#server/channels/ChannelService.ts'
import { channelRoutes } from '#server/channels/channelRoutes.ts'
import { GatewayRegistry } from '#server/channels/GatewayRegistry.ts'
import { progressRoutes } from '#server/dispatch/progressRoutes.ts'
import { createTestApp, signInAs } from '#server/http/testApp.ts'
import { Bell } from '#server/lib/Bell.ts'
import { TestSandbox } from '#server/sandbox/testSandbox.ts'
import { buildCampaign, buildChannel, testBox, testSuppressions } from '#server/test/builders.ts'
import { createTestDatabase, testLog, type TestDatabase } from '#server/test/testDatabase.ts'
import { AudiencePreparer } from './AudiencePreparer.ts'
import { CampaignCreator } from './CampaignCreator.ts'
import { campaignRateLimiter } from './campaignRateLimiter.ts'
import { campaignRoutes } from './campaignRoutes.ts'
import { CampaignKeeper } from './CampaignKeeper.ts'
import { CampaignService } from './CampaignService.ts'
import { canMove, EXITS } from './campaignStates.ts'

const PATH = '/api/user/bulk-campaigns'
const OFFER = { type: 'template', name: 'spring_offer', language: 'pt_BR', body: [{ text: '{{nome}}' }] }
const QUICK = { kind: 'quickReply', index: 0, value: 'STOP' }
const CODE = { kind: 'copyCode', index: 0, value: 'X' }

let test: TestDatabase
let sandbox: TestSandbox
let app: FastifyInstance
let preparer: AudiencePreparer
let user: { id: string; cookie: string }
let channel: { id: string; token: string }

beforeAll(async () => {
  test = await createTestDatabase()
  sandbox = await TestSandbox.start()
  const { db } = test
  const bell = new Bell()
  const audit = new AuditLogger()
  const gateways = new GatewayRegistry({ box: testBox, sandboxUrl: async () => sandbox.url })
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
  const campaigns = new CampaignService({ db, audit, channels, bell })
  const creator = new CampaignCreator({ db, audit, channels, suppressions: testSuppressions, bell })
  const limiter = campaignRateLimiter({ db, creations: 1000, operations: 1000, progress: 10_000 })
  preparer = new AudiencePreparer({ db, audit, bell, log: testLog, pollMs: 50 })
  app = await createTestApp(db, {
    routes: [
      channelRoutes({ channels }),
      campaignRoutes({ db, campaigns, creator, limiter }),
      progressRoutes({ db, limiter }),
    ],
  })
})
afterAll(async () => {
  await preparer.stop()
  await app.close()
  await sandbox.stop()
  await test.close()
})
beforeEach(async () => {
  await preparer.stop()
  user = await signInAs(app, test.db, 'user')
  channel = await buildChannel(test.db, user.id)
  await sandbox.register(channel.token)
})

const call = (method: 'GET' | 'POST' | 'PATCH', path: string, payload?: object, cookie = user.cookie) =>
  app.inject({ method, url: PATH + path, headers: { cookie }, ...(payload === undefined ? {} : { payload }) })

const plan = (changes: object = {}) => ({
  name: 'Fornada',
  channelId: channel.id,
  messages: [{ type: 'text', content: 'Olá {{nome}}' }],
  recipients: { contacts: [{ phone: '11 98765-4321', name: 'Ana' }, { phone: '+55 11 98765-4322' }] },
  delayMin: 0,
  delayMax: 0,
  ...changes,
})

async function create(changes: object = {}): Promise<CreatedCampaign> {
  const answer = await call('POST', '', plan(changes))
  expect(answer.statusCode).toBe(201)
  return answer.json<CreatedCampaign>()
}

async function untilPrepared(id: string): Promise<CampaignDetails> {
  preparer.start()
  for (;;) {
    const details = (await call('GET', `/${id}`)).json<CampaignDetails>()
    if (!details.preparing) return details
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe('a new campaign is refused', () => {
  it.each([
    ['a field that is not known', { sentCount: 5 }, 400, 'VALIDATION_FAILED'],
    ['a number as text', { delayMin: '5' }, 400, 'VALIDATION_FAILED'],
    ['no number at all', { delayMin: null }, 400, 'VALIDATION_FAILED'],
    ['a longest pause below the shortest', { delayMin: 9, delayMax: 8 }, 400, 'VALIDATION_FAILED'],
    ['no message', { messages: [] }, 400, 'VALIDATION_FAILED'],
    ['a channel that is not there', { channelId: '00000000-0000-4000-8000-000000000000' }, 422, 'UNKNOWN_CHANNEL'],
    [
      'an import that is not there',
      { recipients: { importIds: ['00000000-0000-4000-8000-000000000000'] } },
      422,
      'UNKNOWN_IMPORT',
    ],
    ['nobody to write to', { recipients: {} }, 422, 'NO_RECIPIENTS'],
    ['a text that is no template', { messages: [{ type: 'text', content: 'Olá {% if %}' }] }, 422, 'TEMPLATE_INVALID'],
    [
      'a template that reads files',
      { messages: [{ type: 'text', content: "{% include 'package.json' %}" }] },
      422,
      'TEMPLATE_INVALID',
    ],
  ])('with %s', async (_what, changes, status, code) => {
    const answer = await call('POST', '', plan(changes))
    expect([answer.statusCode, answer.json().error.code]).toEqual([status, code])
    expect((await call('GET', '')).json().items).toEqual([])
  })

  it('with a pace that WhatsApp would punish on a real number', async () => {
    const real = await buildChannel(test.db, user.id, { gateway: 'wuzapi', baseUrl: 'http://127.0.0.1:9' })
    const answer = await call('POST', '', plan({ channelId: real.id, delayMin: 1, delayMax: 2 }))
    expect([answer.statusCode, answer.json().error.details[0].field]).toEqual([422, 'delayMin'])
  })

  it.each(['wuzapi', 'sandbox'] as const)('with an approved template on %s, which has none', async (gateway) => {
    const other = await buildChannel(test.db, user.id, { gateway, baseUrl: 'http://127.0.0.1:9' })
    const messages = [{ type: 'text', content: 'Olá' }, OFFER]
    const answer = await call('POST', '', plan({ channelId: other.id, messages, delayMin: 5, delayMax: 5 }))
    expect([answer.statusCode, answer.json().error.details[0].field]).toEqual([422, 'messages.1.type'])
  })

  it.each([
    ['half of the parameters named', { body: [{ text: 'a', name: 'a' }, { text: 'b' }] }, 422, 'messages.0.body'],
    ['two buttons in one place', { buttons: [QUICK, QUICK] }, 422, 'messages.0.buttons'],
    ['two codes to copy', { buttons: [CODE, { ...CODE, index: 1 }] }, 422, 'messages.0.buttons'],
    ['a body that cannot be parsed', { body: [{ text: '{% if %}' }] }, 422, 'messages.0.body.0.text'],
    ['a name that Meta never gives', { name: 'Spring Offer' }, 400, undefined],
    ['a header of bytes', { header: { type: 'image' } }, 400, undefined],
  ])('on the Cloud API, with a template that has %s', async (_what, changes, status, field) => {
    const cloud = await buildChannel(test.db, user.id, { gateway: 'cloud' })
    const answer = await call('POST', '', plan({ channelId: cloud.id, messages: [{ ...OFFER, ...changes }] }))
    expect(answer.statusCode).toBe(status)
    if (field !== undefined) expect(answer.json().error.details[0].field).toBe(field)
  })

  it("on another user's channel, as if it were not there", async () => {
    const stranger = await signInAs(app, test.db, 'user')
    const answer = await call('POST', '', plan(), stranger.cookie)
    expect(answer.json().error.code).toBe('UNKNOWN_CHANNEL')
  })

  it('when it should start and the channel is not connected', async () => {
    const dead = await buildChannel(test.db, user.id, { gateway: 'wuzapi', baseUrl: 'http://127.0.0.1:9' })
    const answer = await call('POST', '', plan({ channelId: dead.id, delayMin: 5, delayMax: 5, start: true }))
    expect([answer.statusCode, answer.json().error.code]).toEqual([503, 'DISCONNECTED'])
  })
})

describe('templates and texts on the Cloud API', () => {
  it('are both taken, and shown as they were given: whether 24 hours are over, Meta says', async () => {
    const cloud = await buildChannel(test.db, user.id, { gateway: 'cloud' })
    const messages = [OFFER, { type: 'text', content: 'Olá {{nome}}', delayBeforeMs: 1000 }]
    const created = await call('POST', '', plan({ channelId: cloud.id, messages }))
    expect(created.statusCode).toBe(201)
    expect((await call('GET', `/${created.json().campaignId}`)).json().messages).toEqual(messages)
  })
})

describe('time and pace', () => {
  const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString()

  it.each([
    ['a date that does not exist', { scheduledAt: '2027-02-30T10:00' }, 'scheduledAt'],
    ['a time that has passed', { scheduledAt: '2020-01-01T10:00' }, 'scheduledAt'],
    ['a zone that does not exist', { timeZone: 'America/Sao_Paolo' }, 'timeZone'],
  ])('%s is refused', async (_what, changes, field) => {
    const answer = await call('POST', '', plan(changes))
    expect([answer.statusCode, answer.json().error.details[0].field]).toEqual([422, field])
  })

  it.each([
    ['hours that are none', { sendingWindow: { startTime: '24:00', endTime: '10:00', days: [1] } }],
    ['no day', { sendingWindow: { startTime: '09:00', endTime: '10:00', days: [] } }],
    ['a start at once and at a time', { start: true, scheduledAt: '2027-01-01T10:00' }],
  ])('%s: refused as the wrong shape', async (_what, changes) => {
    expect((await call('POST', '', plan(changes))).statusCode).toBe(400)
  })

  it('a schedule is kept as it was meant, and can be changed and taken away until the start', async () => {
    const { campaignId, status } = await create({ scheduledAt: '2027-01-01T10:00', timeZone: 'America/Sao_Paulo' })
    expect(status).toBe('scheduled')
    expect((await call('GET', `/${campaignId}`)).json()).toMatchObject({
      scheduledAt: '2027-01-01T13:00:00.000Z',
      timeZone: 'America/Sao_Paulo',
    })
    const later = (await call('PATCH', `/${campaignId}/config`, { scheduledAt: inAnHour() })).json<CampaignState>()
    expect(later.status).toBe('scheduled')
    const none = (await call('PATCH', `/${campaignId}/config`, { scheduledAt: null })).json<CampaignState>()
    expect(none.status).toBe('draft')
    expect((await call('GET', `/${campaignId}`)).json()).toMatchObject({ scheduledAt: null })
  })

  it('pace and window change while it runs, the schedule and a final campaign do not', async () => {
    const { id } = await buildCampaign(test.db, { userId: user.id, channelId: channel.id })
    const window = { startTime: '22:00', endTime: '06:00', days: [5, 6] }
    expect(
      (await call('PATCH', `/${id}/config`, { delayMin: 1, delayMax: 2, sendingWindow: window, autoResume: true }))
        .statusCode,
    ).toBe(200)
    expect((await call('GET', `/${id}`)).json()).toMatchObject({
      delayMin: 1,
      delayMax: 2,
      sendingWindow: window,
      autoResume: true,
    })
    expect((await call('PATCH', `/${id}/config`, { scheduledAt: inAnHour() })).statusCode).toBe(409)
    expect((await call('PATCH', `/${id}/config`, { delayMin: 5 })).json().error.details[0].field).toBe('delayMax')
    await call('POST', `/${id}/cancel`)
    expect((await call('PATCH', `/${id}/config`, { delayMin: 0 })).statusCode).toBe(409)
    const history = await new AuditLogger().getHistory(test.db, id)
    expect(history.map(({ action }) => action)).toEqual(['edit', 'cancel'])
  })

  it('a scheduled campaign can be started at once', async () => {
    const { campaignId } = await create({ scheduledAt: '2027-01-01T10:00' })
    await untilPrepared(campaignId)
    expect((await call('POST', `/${campaignId}/start`)).json()).toMatchObject({ status: 'running' })
  })
})

describe('the audience', () => {
  it('accounts for everybody typed: recipients, duplicates and refused', async () => {
    const contacts = [
      { phone: '(11) 98765-4321', name: 'Ana' },
      { phone: '+55 11 8765-4321', name: 'Ana sem o nono dígito' },
      { phone: '11 3333-4444' },
      { phone: 'não tem' },
    ]
    const { campaignId, totals } = await create({ recipients: { contacts } })
    expect(totals).toMatchObject({ invalid: 1 })
    const details = await untilPrepared(campaignId)
    expect(details.totals).toEqual({
      chosen: 4,
      recipients: 2,
      duplicates: 1,
      invalid: 1,
      suppressed: 0,
      excluded: 0,
      recentlyWritten: 0,
      lackingVariables: 1,
    })
    expect(details.stats).toMatchObject({ total: 2, pending: 2 })
    const books = (await call('GET', `/${campaignId}/contacts`)).json()
    expect(books.items.map((person: { phone: string }) => person.phone)).toEqual(['+5511987654321', '+551133334444'])
  })

  it('with nobody left makes the campaign fail, not wait', async () => {
    const { campaignId } = await create({ recipients: { contacts: [{ phone: 'x' }] } })
    expect(await untilPrepared(campaignId)).toMatchObject({ status: 'failed', stats: { total: 0 } })
  })

  it('is expanded once, in chunks, however many preparers work on it, and a random order is stable', async () => {
    const contacts = Array.from({ length: 9000 }, (_, n) => ({ phone: `+55119${80_000_000 + n}` }))
    const { campaignId } = await create({ recipients: { contacts }, randomizeOrder: true })
    const second = new AudiencePreparer({
      db: test.db,
      audit: new AuditLogger(),
      bell: new Bell(),
      log: testLog,
      pollMs: 10,
    })
    second.start()
    const details = await untilPrepared(campaignId)
    await second.stop()
    expect(details.stats).toMatchObject({ total: 9000, pending: 9000 })
    const rows = await test.db
      .selectFrom('campaign_contacts')
      .select(['id', 'processing_order'])
      .where('campaign_id', '=', campaignId)
      .orderBy('processing_order')
      .execute()
    expect(new Set(rows.map(({ processing_order }) => processing_order)).size).toBe(9000)
    expect(rows.map(({ id }) => id)).not.toEqual(rows.map(({ id }) => id).toSorted((a, b) => a - b))
  })

  it('that was to start begins when it is ready, not before', async () => {
    const { campaignId } = await create()
    const started = (await call('POST', `/${campaignId}/start`)).json<CampaignState>()
    expect(started).toMatchObject({ status: 'draft', preparing: true, startRequested: true })
    expect(await untilPrepared(campaignId)).toMatchObject({ status: 'running', startRequested: false })
    const history = await new AuditLogger().getHistory(test.db, campaignId)
    expect(history.map(({ action, userId }) => [action, userId])).toEqual([
      ['create', user.id],
      ['start', user.id],
      ['start', user.id],
    ])
  })

  it('that cannot be expanded does not keep the campaigns after it from being expanded', async () => {
    const broken = await create()
    // Its first recipient's number is taken.
    await test.db
      .insertInto('campaign_contacts')
      .values({ user_id: user.id, campaign_id: broken.campaignId, id: 1, processing_order: 1, phone: '+5511900000000' })
      .execute()
    const { campaignId } = await create()
    expect(await untilPrepared(campaignId)).toMatchObject({ stats: { total: 2 } })
    await test.db.updateTable('campaigns').set({ preparing: false }).where('id', '=', broken.campaignId).execute()
  })

  it('of a campaign that is cancelled before is expanded all the same, and everybody in it ends as cancelled', async () => {
    const { campaignId } = await create({ start: true })
    expect((await call('POST', `/${campaignId}/cancel`)).json()).toMatchObject({ status: 'cancelled', preparing: true })
    const keeper = new CampaignKeeper({ db: test.db, audit: new AuditLogger(), bell: new Bell() })
    await keeper.sweepCancelled()
    expect(await untilPrepared(campaignId)).toMatchObject({ status: 'cancelled', stats: { total: 2 } })
    while (await keeper.sweepCancelled());
    const closed = (await call('GET', `/${campaignId}`)).json()
    expect(closed).toMatchObject({ status: 'cancelled', stats: { total: 2, cancelled: 2, pending: 0 } })
    const { closing } = await test.db
      .selectFrom('campaigns')
      .select('closing')
      .where('id', '=', campaignId)
      .executeTakeFirstOrThrow()
    expect(closing).toBe(false)
  })
})

describe('the state machine', () => {
  const acts = {
    start: ['draft', 'scheduled'],
    pause: ['running'],
    resume: ['paused'],
    cancel: ['draft', 'scheduled', 'running', 'paused'],
  }
  const cases = Object.entries(acts).flatMap(([act, from]) =>
    CAMPAIGN_STATUSES.map((status) => [act, status, from.includes(status)] as const),
  )

  it.each(cases.filter(([act, status]) => !(act === 'start' && status === 'scheduled')))(
    '%s from %s: allowed %s',
    async (act, status, allowed) => {
      const { id } = await buildCampaign(test.db, { userId: user.id, channelId: channel.id }, { status })
      const answer = await call('POST', `/${id}/${act}`)
      expect(answer.statusCode).toBe(allowed ? 200 : 409)
      const history = await new AuditLogger().getHistory(test.db, id)
      expect(history.map(({ action }) => action)).toEqual(allowed ? [act] : [])
      if (!allowed) expect(answer.json().error).toMatchObject({ code: 'CAMPAIGN_STATE', details: { status } })
    },
  )

  it('of fifty that start one campaign at once, one does, and there is one audit row', async () => {
    const { id } = await buildCampaign(test.db, { userId: user.id, channelId: channel.id }, { status: 'draft' })
    const answers = await Promise.all(Array.from({ length: 50 }, () => call('POST', `/${id}/start`)))
    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1)
    expect(answers.filter(({ statusCode }) => statusCode === 409)).toHaveLength(49)
    expect(await new AuditLogger().getHistory(test.db, id)).toHaveLength(1)
  })

  it('has no way out of a final state', () => {
    const final: CampaignStatus[] = ['completed', 'cancelled', 'failed']
    for (const from of final) expect(EXITS[from]).toEqual([])
    for (const to of CAMPAIGN_STATUSES) for (const from of final) expect(canMove(from, to)).toBe(false)
  })
})

describe('a campaign of somebody else', () => {
  it('answers every route exactly as one that does not exist', async () => {
    const stranger = await signInAs(app, test.db, 'user')
    const { id } = await buildCampaign(test.db, { userId: user.id, channelId: channel.id })
    const missing = '00000000-0000-4000-8000-000000000000'
    const routes = [
      ['GET', ''],
      ['GET', '/progress'],
      ['GET', '/contacts'],
      ['GET', '/events'],
      ['POST', '/start'],
      ['POST', '/pause'],
      ['POST', '/resume'],
      ['POST', '/cancel'],
    ] as const
    for (const [method, suffix] of routes) {
      const [theirs, none] = await Promise.all(
        [id, missing].map((it) => call(method, `/${it}${suffix}`, undefined, stranger.cookie)),
      )
      expect([suffix, theirs?.statusCode, theirs?.body]).toEqual([suffix, 404, none?.body])
    }
  })
})

describe('lists', () => {
  it('page through everything once, newest first, and filter by state', async () => {
    for (const status of ['draft', 'running', 'completed', 'paused', 'cancelled'] as const) {
      await buildCampaign(test.db, { userId: user.id, channelId: channel.id }, { status })
    }
    const seen: string[] = []
    let cursor = ''
    do {
      const page = (await call('GET', `?limit=2${cursor}`)).json()
      seen.push(...page.items.map((item: { status: string }) => item.status))
      cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`
    } while (cursor !== '')
    expect(seen).toEqual(['cancelled', 'paused', 'completed', 'running', 'draft'])
    const statuses = async (path: string) =>
      (await call('GET', path)).json().items.map((item: { status: string }) => item.status)
    expect(await statuses('?status=running')).toEqual(['running'])
    expect(await statuses('/active')).toEqual(['paused', 'running'])
    expect(await statuses('/history')).toEqual(['cancelled', 'completed'])
  })

  it.each(['?limit=0', '?limit=201', '?limit=1e9', '?limit=-1', '?cursor=x', '?status=nope', '?foo=1'])(
    'refuse %s',
    async (query) => {
      expect((await call('GET', query)).statusCode).toBe(400)
    },
  )
})

describe('progress', () => {
  it('adds up, and says nothing that it does not know', async () => {
    const { id } = await buildCampaign(
      test.db,
      { userId: user.id, channelId: channel.id },
      { recipients: 7, status: 'draft' },
    )
    expect((await call('GET', `/${id}/progress`)).json()).toMatchObject({
      stats: { total: 7, pending: 7, sent: 0 },
      averageSpeed: null,
      estimatedSecondsRemaining: null,
      estimatedTimeRemaining: null,
      recentErrors: [],
    })
  })

  it('is told as an event stream that ends with the campaign', async () => {
    const { id } = await buildCampaign(test.db, { userId: user.id, channelId: channel.id }, { status: 'completed' })
    const answer = await app.inject({
      url: `${PATH}/${id}/events`,
      headers: { cookie: user.cookie, accept: 'text/event-stream' },
    })
    expect(answer.headers['content-type']).toMatch(/^text\/event-stream/)
    expect(answer.body).toMatch(/event: progress\ndata: \{"campaignId"/)
  })
})
