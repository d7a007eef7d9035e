import { randomBytes, randomUUID } from 'node:crypto'
import fc from 'fast-check'
import type { FastifyContextConfig, LightMyRequestResponse } from 'fastify'
import { ExplainNode, sql, type KyselyPlugin } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Trx } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import { createTestApp } from '#server/http/testApp.ts'
import { exampleOf, inAYear } from '#server/test/exampleBodies.ts'
import { startWholeApp, visible, type Person, type Route, type WholeApp } from '#server/test/wholeApp.ts'
import { findChannelsByToken } from './channelQueries.ts'
import { senderOn } from './tokenValidator.ts'

const CAMPAIGNS = '/api/user/bulk-campaigns'
const MESSAGES = '/api/user/messages'
const ALPHABET = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')

type Tenant = Person & { token: string; channelId: string; campaignId: string; messageId: string }

let whole: WholeApp
let routes: Route[]
let ana: Tenant
let bia: Tenant
let admin: Tenant

beforeAll(async () => {
  whole = await startWholeApp()
  routes = whole.routes.filter(({ sends }) => sends)
  ana = await tenant('user')
  bia = await tenant('user')
  admin = await tenant('admin')
})
afterAll(() => whole.close())

async function tenant(role: Person['role']): Promise<Tenant> {
  const person = await whole.signIn(role)
  const token = randomBytes(18).toString('base64url')
  const channelId = await addChannel(person, token)
  const campaignId = idIn(await whole.call(person, 'POST', CAMPAIGNS, { payload: { ...plan(), channelId } }))
  const later = { scheduledAt: inAYear() }
  const messageId = idIn(await whole.call(person, 'POST', MESSAGES, { payload: { ...words(), ...later, channelId } }))
  return { ...person, token, channelId, campaignId, messageId }
}

async function addChannel(person: Person, token: string): Promise<string> {
  await whole.sandbox.register(token)
  const payload = { name: 'Balcão', gateway: 'wuzapi', baseUrl: whole.sandbox.url, token }
  const answer = await whole.call(person, 'POST', '/api/user/channels', { payload })
  expect([answer.statusCode, answer.body]).toEqual([201, expect.anything()])
  return answer.json<{ id: string }>().id
}

function idIn(answer: LightMyRequestResponse): string {
  expect([answer.statusCode, answer.body]).toEqual([201, expect.anything()])
  const { campaignId, messageId } = answer.json<{ campaignId?: string; messageId?: string }>()
  return campaignId ?? messageId ?? ''
}

const plan = () => ({
  name: 'Fornada',
  messages: [{ type: 'text', content: 'Olá' }],
  recipients: { contacts: [{ phone: '11 98765-4321' }] },
  delayMin: 5,
  delayMax: 10,
})
const words = () => ({ phone: '11 98765-4321', message: { type: 'text', content: 'Olá' } })

/** A request that could be carried out, were it not for the token; what the path names belongs to `of`. */
function send(who: Person | null, route: Route, of: Tenant, token: string | undefined, more: object = {}) {
  const id = route.url.startsWith(MESSAGES) ? of.messageId : of.campaignId
  const body = route.body === null ? undefined : { ...(exampleOf(route.body) as object), ...more }
  return whole.call(who, route.method, route.url.replace(':id', id), {
    ...(body === undefined ? {} : { payload: body }),
    headers: token === undefined ? {} : { token },
  })
}

/** How the database carries out what `ask` asks it, once there are too many rows to look at each. */
async function explain(ask: (trx: Trx) => Promise<unknown>): Promise<string> {
  let lines = ''
  const explaining: KyselyPlugin = {
    transformQuery: ({ node }) => ({
      ...node,
      ...(node.kind === 'SelectQueryNode'
        ? { explain: ExplainNode.create('text', sql`analyze, costs off, timing off`.toOperationNode()) }
        : {}),
    }),
    transformResult: async ({ result }) => {
      lines = result.rows.map((row) => String(row['QUERY PLAN'])).join('\n')
      return result
    },
  }
  await transaction(whole.db, async (trx) => {
    await sql`set local enable_seqscan = off`.execute(trx)
    await ask(trx.withPlugin(explaining) as Trx)
  })
  return lines
}

const codeOf = (answer: LightMyRequestResponse) => answer.json<{ error?: { code: string } }>().error?.code
const anyRoute = () => fc.nat(routes.length - 1).map((n) => routes[n] as Route)

test('every route that sends is known', () => {
  expect(routes.map(({ method, url }) => `${method} ${url}`).toSorted()).toEqual(
    expect.arrayContaining([
      `PATCH ${CAMPAIGNS}/:id/config`,
      `POST ${CAMPAIGNS}`,
      ...['duplicate', 'resume', 'retry-failed', 'start', 'unknown'].map((act) => `POST ${CAMPAIGNS}/:id/${act}`),
      `POST ${MESSAGES}`,
      `POST ${MESSAGES}/:id/send`,
    ]),
  )
})

describe('a route that sends', () => {
  const appWith = (config: FastifyContextConfig) =>
    createTestApp(whole.db, {
      routes: [
        async (app) => void app.post('/test/send', { config }, async (request) => senderOn(request, ana.channelId)),
      ],
    })

  test('and lets anybody in stops the start', async () => {
    await expect(appWith({ access: 'public', sends: true })).rejects.toThrow(/POST \/test\/send sends for people/)
  })

  test('and does not say so cannot send', async () => {
    for (const [config, status] of [
      [{ access: 'user' }, 500],
      [{ access: 'user', sends: true }, 200],
    ] as const) {
      const app = await appWith(config)
      const answer = await app.inject({ method: 'POST', url: '/test/send', headers: { cookie: ana.cookie } })
      expect([config, answer.statusCode]).toEqual([config, status])
      await app.close()
    }
  })
})

test("somebody else's token is refused on every route that sends, unless an administrator names it", async () => {
  const scene = fc.record({
    route: anyRoute(),
    caller: fc.constantFrom('user', 'admin', 'nobody'),
    names: fc.constantFrom('own', 'other'),
    withId: fc.constantFrom('none', 'own', 'other'),
  })
  await fc.assert(
    fc.asyncProperty(scene, async ({ route, caller, names, withId }) => {
      const me = caller === 'admin' ? admin : bia
      const [token, owner] = names === 'own' ? [me.token, me] : [ana.token, ana]
      const channelId = { none: {}, own: { channelId: me.channelId }, other: { channelId: ana.channelId } }[withId]
      const isNew = route.params.length === 0
      const answer = await send(caller === 'nobody' ? null : me, route, owner, token, isNew ? channelId : {})
      const code = codeOf(answer)
      if (caller === 'nobody') expect(code).toBe('UNAUTHENTICATED')
      else if (caller === 'user' && names === 'other') expect(code).toBe('CHANNEL_TOKEN_REJECTED')
      else if (isNew && withId !== 'none' && withId !== names) expect(code).toBe('CHANNEL_MISMATCH')
      else expect(['CHANNEL_TOKEN_REJECTED', 'CHANNEL_MISMATCH', 'NOT_FOUND', 'VALIDATION_FAILED']).not.toContain(code)
    }),
    { numRuns: 250 },
  )
}, 120_000)

describe('the answer to a wrong token', () => {
  /** Unknown, somebody else's, almost somebody else's, one's own with something more, malformed. */
  const wrongToken = () =>
    fc.oneof(
      fc.string({ unit: fc.constantFrom(...ALPHABET), minLength: 1, maxLength: 300 }),
      fc.constantFrom(ana.token, admin.token, `${ana.token}, ${bia.token}`, `${bia.token}, ${bia.token}`),
      fc.nat(ana.token.length - 1).map((n) => ana.token.slice(0, n)),
      fc.nat(ana.token.length - 1).map((n) => `${ana.token.slice(0, n)}~${ana.token.slice(n + 1)}`),
      fc.string({ unit: fc.constantFrom(...ALPHABET), minLength: 1, maxLength: 8 }).map((end) => bia.token + end),
      fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => Buffer.from(text).toString('latin1')),
      fc.constantFrom('', ' ', ',', 'null', 'Bearer x', '%00', 'x'.repeat(12_000)),
    )

  test('is the same, byte for byte, whatever the token, and repeats no five characters of it', async () => {
    const answers = new Set<string>()
    const tokens: string[] = []
    await fc.assert(
      fc.asyncProperty(anyRoute(), wrongToken(), async (route, token) => {
        fc.pre(!/\p{Cc}/u.test(token) && token.trim() !== bia.token)
        tokens.push(token)
        answers.add(visible(await send(bia, route, bia, token)))
      }),
      { numRuns: 1000 },
    )
    expect([...answers]).toHaveLength(1)
    const [answer = ''] = answers
    expect(answer).toMatch(/^403\n.*CHANNEL_TOKEN_REJECTED/s)
    // What was drawn at random may hold words of the fixed answer; tokens of channels do not.
    for (const token of [ana.token, bia.token, admin.token]) {
      for (let n = 0; n + 5 <= token.length; n++) expect(answer).not.toContain(token.slice(n, n + 5))
    }
    expect(tokens.length).toBeGreaterThanOrEqual(1000)
  }, 180_000)

  test('is that to the token of a deleted channel, too', async () => {
    const token = randomBytes(18).toString('base64url')
    const channelId = await addChannel(bia, token)
    const [route] = routes.filter(({ url }) => url === MESSAGES)
    if (route === undefined) throw new Error('no such route')
    expect((await send(bia, route, bia, token)).statusCode).toBe(201)
    await whole.db
      .updateTable('campaigns')
      .set({ deleted_at: new Date() })
      .where('channel_id', '=', channelId)
      .execute()
    expect((await whole.call(bia, 'DELETE', `/api/user/channels/${channelId}`)).statusCode).toBe(204)
    expect(visible(await send(bia, route, bia, token))).toBe(visible(await send(bia, route, bia, randomUUID())))
  })

  test('comes as late for an unknown token as for a foreign one', async () => {
    const [route] = routes.filter(({ url, method }) => url === CAMPAIGNS && method === 'POST')
    if (route === undefined) throw new Error('no such route')
    const spent: Record<'unknown' | 'foreign', number[]> = { unknown: [], foreign: [] }
    for (let n = 0; n < 150; n++) {
      for (const kind of n % 2 === 0 ? (['unknown', 'foreign'] as const) : (['foreign', 'unknown'] as const)) {
        const token = kind === 'foreign' ? ana.token : randomBytes(18).toString('base64url')
        const before = performance.now()
        await send(bia, route, bia, token)
        spent[kind].push(performance.now() - before)
      }
    }
    const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
    const [unknown, foreign] = [median(spent.unknown), median(spent.foreign)]
    expect(Math.abs(unknown - foreign)).toBeLessThan(1 + 0.25 * Math.max(unknown, foreign))
  }, 60_000)

  test('is decided by an index alone: neither leads to a row', async () => {
    const hashOf = async (id: string) => {
      const rows = await whole.db.selectFrom('channels').select('token_hash').where('id', '=', id).execute()
      return rows[0]?.token_hash ?? randomBytes(32)
    }
    for (const hash of [await hashOf(ana.channelId), await hashOf(randomUUID())]) {
      const lines = await explain((trx) => findChannelsByToken(trx, hash, bia.id))
      expect(lines).toMatch(/Index.* using channels_token_hash/)
      expect(lines).not.toMatch(/Rows Removed/)
    }
  })
})

describe('a channel is named', () => {
  const create = (who: Person, token: string | undefined, more: object = {}) =>
    whole.call(who, 'POST', CAMPAIGNS, {
      payload: { ...plan(), ...more },
      headers: token === undefined ? {} : { token },
    })

  test('by its token alone, which does not sign in', async () => {
    const id = idIn(await create(ana, ana.token))
    const { channelId } = (await whole.call(ana, 'GET', `${CAMPAIGNS}/${id}`)).json<{ channelId: string }>()
    expect(channelId).toBe(ana.channelId)
    expect(
      (await whole.call(null, 'POST', CAMPAIGNS, { payload: plan(), headers: { token: ana.token } })).statusCode,
    ).toBe(401)
  })

  test('not at all: refused', async () => {
    const answer = await create(ana, undefined)
    expect([answer.statusCode, codeOf(answer)]).toEqual([400, 'VALIDATION_FAILED'])
    expect(answer.body).toContain('channelId')
  })

  test("by an administrator with somebody's token: the rows are theirs, the audit names the administrator", async () => {
    const id = idIn(await create(admin, ana.token))
    expect((await whole.call(admin, 'GET', `${CAMPAIGNS}/${id}`)).statusCode).toBe(404)
    expect((await whole.call(ana, 'GET', `${CAMPAIGNS}/${id}`)).statusCode).toBe(200)
    const query = whole.db.selectFrom('campaign_audit_logs').select(['user_id', 'action']).where('campaign_id', '=', id)
    expect(await query.execute()).toEqual([{ user_id: admin.id, action: 'create' }])
    const start = { headers: { token: ana.token } }
    expect((await whole.call(admin, 'POST', `${CAMPAIGNS}/${id}/start`)).statusCode).toBe(404)
    expect((await whole.call(admin, 'POST', `${CAMPAIGNS}/${id}/start`, start)).statusCode).toBe(200)
    expect((await query.execute()).at(-1)).toEqual({ user_id: admin.id, action: 'start' })
  })

  test('by a token that is not that of the campaign: refused', async () => {
    const token = randomBytes(18).toString('base64url')
    await addChannel(ana, token)
    const url = `${CAMPAIGNS}/${ana.campaignId}`
    for (const act of ['start', 'resume', 'duplicate', 'retry-failed']) {
      const answer = await whole.call(ana, 'POST', `${url}/${act}`, { headers: { token } })
      expect([act, answer.statusCode, codeOf(answer)]).toEqual([act, 400, 'CHANNEL_MISMATCH'])
    }
  })

  test('by a token that two of its gateways share: only with the id', async () => {
    const token = randomBytes(18).toString('base64url')
    const channelId = await addChannel(bia, token)
    const cloud = { name: 'Nuvem', gateway: 'cloud', token, phoneNumberId: '1055', appSecret: 's'.repeat(20) }
    const baseUrl = whole.sandbox.url
    const added = await whole.call(bia, 'POST', '/api/user/channels', {
      payload: { ...cloud, phoneNumberId: '105512', baseUrl },
    })
    expect([added.statusCode, added.body]).toEqual([201, expect.anything()])
    expect(codeOf(await create(bia, token))).toBe('VALIDATION_FAILED')
    expect((await create(bia, token, { channelId })).statusCode).toBe(201)
  })

  test("by an administrator with a token that is somebody's too: its own", async () => {
    await addChannel(bia, admin.token)
    const id = idIn(await create(admin, admin.token))
    expect((await whole.call(admin, 'GET', `${CAMPAIGNS}/${id}`)).statusCode).toBe(200)
  })

  test('the same creation under one key, with another token, is another request', async () => {
    const key = { 'idempotency-key': randomUUID() }
    const keyed = (token: string) => whole.call(ana, 'POST', MESSAGES, { payload: words(), headers: { ...key, token } })
    const first = await keyed(ana.token)
    expect((await keyed(ana.token)).json()).toEqual(first.json())
    expect(codeOf(await keyed(bia.token))).toBe('IDEMPOTENCY_KEY_REUSED')
  })
})
