import { createHmac, randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { sql } from 'kysely'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { NO_COUNTS, totalOf, type Counts, type RecipientStatus } from '#contract/states.ts'
import { openDatabase } from '#server/db/openDatabase.ts'
import { transaction } from '#server/db/transaction.ts'
import { createTestApp } from '#server/http/testApp.ts'
import { claimRecipients } from '#server/recipients/claimRecipients.ts'
import { messageIdOf } from '#server/recipients/messageId.ts'
import { getCounts, recount } from '#server/recipients/recipientQueries.ts'
import { settleRecipients } from '#server/recipients/settleRecipients.ts'
import { TestSandbox } from '#server/sandbox/testSandbox.ts'
import { buildCampaign, buildChannel, buildUser, holdLane, testBox, type BuiltCampaign } from '#server/test/builders.ts'
import { createTestDatabase, testLog, type TestDatabase } from '#server/test/testDatabase.ts'
import { ConnectionApplier } from './ConnectionApplier.ts'
import { hookRoutes } from './hookRoutes.ts'
import { ReceiptApplier } from './ReceiptApplier.ts'

const KEY = 'hmac-key-0123456789abcdef-0123456789abcdef'
const FORM = 'application/x-www-form-urlencoded'

type TestChannel = { id: string; userId: string; secret: string; token: string }
type State = 'Delivered' | 'Read'

let test: TestDatabase
let app: FastifyInstance
let applier: ReceiptApplier
let connections: ConnectionApplier
let userId: string
let channel: TestChannel
let bells = 0

beforeAll(async () => {
  test = await createTestDatabase({ max: 15 })
  const { db } = test
  app = await createTestApp(db, { routes: [hookRoutes({ db, box: testBox, onStored: () => bells++ })] })
  applier = newApplier()
  connections = new ConnectionApplier({
    db,
    channels: { status: () => Promise.reject(new Error('no gateway')) },
    keeper: { pauseChannel: async () => ({ unlogged: null }) },
    onConnected: () => undefined,
    log: testLog,
    pollMs: 20,
  })
  userId = await buildUser(db)
})
afterAll(async () => {
  await app.close()
  await test.close()
})
beforeEach(async () => {
  await test.db.deleteFrom('webhook_inbox').execute()
  channel = await newChannel()
  bells = 0
})

function newApplier(): ReceiptApplier {
  return new ReceiptApplier({ db: test.db, log: testLog, pollMs: 20 })
}

async function newChannel(owner = userId, webhookKey: string | null = KEY): Promise<TestChannel> {
  const { id, token } = await buildChannel(test.db, owner, webhookKey === null ? {} : { webhookKey })
  return { id, token, userId: owner, secret: testBox.derive(`webhook-secret/${id}`) }
}

/** A campaign all of whose recipients are in `status`, and counted so. */
async function newCampaign(
  recipients: number,
  status: RecipientStatus = 'sent',
  of: TestChannel = channel,
): Promise<BuiltCampaign> {
  const campaign = await buildCampaign(test.db, { userId: of.userId, channelId: of.id }, { recipients })
  await test.db
    .updateTable('campaign_contacts')
    .set({ status, maybe_sent: status === 'retrying' })
    .where('campaign_id', '=', campaign.id)
    .execute()
  await test.db
    .updateTable('campaign_counts')
    .set({ ...NO_COUNTS, [status]: recipients })
    .where('campaign_id', '=', campaign.id)
    .execute()
  return campaign
}

function receiptOf(ids: string[], state: State, more: Record<string, unknown> = {}): string {
  const event = {
    Chat: '1@lid',
    IsFromMe: false,
    MessageIDs: ids,
    Timestamp: '2026-01-22T10:15:31-03:00',
    Type: state === 'Read' ? 'read' : '',
    ...more,
  }
  return JSON.stringify({ event, instanceName: 'Loja', state, type: 'ReadReceipt', userID: '9f2c' })
}

const idOf = (campaign: BuiltCampaign, recipient: number, step = 0) => messageIdOf(campaign.tag, recipient, step)
const sign = (body: Buffer | string, key = KEY) => createHmac('sha256', key).update(body).digest('hex')

type CallOptions = { id?: string; secret?: string; signature?: string | null; type?: string }

function call(
  body: Buffer | string,
  { id = channel.id, secret = channel.secret, signature = sign(body), type = 'application/json' }: CallOptions = {},
) {
  return app.inject({
    method: 'POST',
    url: `/api/hooks/${id}/${encodeURIComponent(secret)}`,
    headers: {
      ...(type === '' ? {} : { 'content-type': type }),
      ...(signature === null ? {} : { 'x-hmac-signature': signature }),
    },
    payload: body,
  })
}

async function inboxSize(): Promise<number> {
  const { n } = await test.db
    .selectFrom('webhook_inbox')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow()
  return n
}

async function drain(by: ReceiptApplier = applier): Promise<void> {
  while (await by.applyNext());
  while (await connections.applyNext());
}

/** The counters, which the rows must agree with. */
async function booksOf(campaign: BuiltCampaign): Promise<Counts> {
  const { drifted } = await transaction(test.db, (trx) => recount(trx, campaign.userId, campaign.id))
  expect(drifted).toBe(false)
  return getCounts(test.db, campaign.userId, campaign.id)
}

const stateOf = async (campaign: BuiltCampaign, recipient: number) =>
  (
    await test.db
      .selectFrom('campaign_contacts')
      .select('status')
      .where('campaign_id', '=', campaign.id)
      .where('id', '=', recipient)
      .executeTakeFirstOrThrow()
  ).status

describe('a call is refused with one and the same answer', () => {
  const body = receiptOf(['3EB0A1B2C3D400000012C2'], 'Read')
  const good = sign(body)

  it.each<[string, () => CallOptions & { body?: string }]>([
    ['a wrong secret', () => ({ secret: `${channel.secret.slice(0, -1)}!` })],
    ['a secret with more behind it', () => ({ secret: `${channel.secret}x` })],
    ['half a secret', () => ({ secret: channel.secret.slice(0, 20) })],
    ["another channel's secret", () => ({ secret: testBox.derive(`webhook-secret/${randomUUID()}`) })],
    ['no signature', () => ({ signature: null })],
    ['an empty signature', () => ({ signature: '' })],
    ['the signature of another key', () => ({ signature: sign(body, `${KEY}x`) })],
    ['63 digits', () => ({ signature: good.slice(1) })],
    ['65 digits', () => ({ signature: `${good}0` })],
    ['a signature with its kind before it', () => ({ signature: `sha256=${good}` })],
    ['a signature in letters of two bytes', () => ({ signature: 'é'.repeat(64) })],
    ['half as many letters of two bytes', () => ({ signature: 'é'.repeat(32) })],
    ['a signature in large letters', () => ({ signature: good.toUpperCase() })],
    ['64 digits of nothing', () => ({ signature: '0'.repeat(64) })],
    ['the first byte changed', () => ({ signature: good, body: ` ${body.slice(1)}` })],
    ['the last byte changed', () => ({ signature: good, body: `${body.slice(0, -1)} ` })],
    ['one byte more', () => ({ signature: good, body: `${body}\n` })],
    ['an empty body under the signature of another', () => ({ signature: good, body: '' })],
  ])('%s', async (_what, options) => {
    const fixed = await call(body, { secret: 'another' })
    const { body: changed = body, ...rest } = options()
    const refused = await call(changed, { signature: good, ...rest })
    expect(refused.statusCode).toBe(403)
    expect(wholeOf(refused)).toEqual(wholeOf(fixed))
    expect(refused.json()).toEqual({ error: { code: 'WEBHOOK_REJECTED', message: 'The webhook was not accepted.' } })
    expect([await inboxSize(), bells]).toEqual([0, 0])
  })

  it.each<[string, () => string]>([
    ['a channel that is not there', () => randomUUID()],
    ['a channel that is no id', () => "1'%20or%20'1'='1"],
    ['a channel with a NUL in it', () => 'a%00b'],
  ])('as not there: %s', async (_what, id) => {
    const refused = await call(body, { id: id() })
    expect([refused.statusCode, refused.json().error.code]).toEqual([404, 'NOT_FOUND'])
    expect([await inboxSize(), bells]).toEqual([0, 0])
  })

  it('as not there: a channel that is deleted', async () => {
    await test.db.updateTable('channels').set({ deleted_at: new Date() }).where('id', '=', channel.id).execute()
    expect((await call(body)).statusCode).toBe(404)
    expect(await inboxSize()).toBe(0)
  })

  it('however many of them come, whoever has the address and the key is heard', async () => {
    const forged = Array.from({ length: 1200 }, (_, n) => call(body, n % 2 === 0 ? { secret: 'x' } : { id: 'x' }))
    for (const { statusCode } of await Promise.all(forged)) expect([403, 404, 503]).toContain(statusCode)
    expect((await call(body)).json()).toEqual({ stored: 1 })
  })

  it.each<[string, (token: string) => { body: string; type: string }]>([
    ['a form', (token) => ({ body: new URLSearchParams({ jsonData: body, token }).toString(), type: FORM })],
    ['JSON', (token) => ({ body: JSON.stringify({ token, ...JSON.parse(body) }), type: 'application/json' })],
  ])("with a token beside the event that is not the number's, in %s", async (_what, build) => {
    for (const token of ['', 'wrong', `${channel.token}x`]) {
      const { body: said, type } = build(token)
      expect((await call(said, { type })).statusCode).toBe(403)
    }
    expect(await inboxSize()).toBe(0)
    const { body: said, type } = build(channel.token)
    expect((await call(said, { type })).json()).toEqual({ stored: 1 })
    const rows = await test.db.selectFrom('webhook_inbox').selectAll().execute()
    expect(JSON.stringify(rows)).not.toContain(channel.token)
  })

  it('a secret for which two channels changed places', async () => {
    const other = await newChannel()
    expect((await call(body, { id: other.id })).statusCode).toBe(403)
  })
})

describe('a call is taken', () => {
  it('without a signature where the channel has no key', async () => {
    const body = receiptOf(['3EB0A1B2C3D400000012C2'], 'Read')
    const open = await newChannel(userId, null)
    expect((await call(body, { id: open.id, secret: open.secret, signature: null })).json()).toEqual({ stored: 1 })
    expect([await inboxSize(), bells]).toEqual([1, 1])
  })

  it('over its raw bytes, whatever the spacing, the emoji and the order of its fields', async () => {
    const campaign = await newCampaign(3)
    const spaced = `  {\r\n\t"type" :"ReadReceipt", "instanceName":"Loja 🐦 \\ud83d\\udc26 é", "event":{"MessageIDs":[ "${idOf(campaign, 1)}" ]},"state":"Read"}\n\n`
    const bytes = Buffer.concat([
      Buffer.from(`{"x":"`),
      Buffer.from([0xff, 0xfe]),
      Buffer.from(`",${receiptOf([idOf(campaign, 2)], 'Read').slice(1)}`),
    ])
    const form = new URLSearchParams({
      instanceName: 'Loja 🐦 + é',
      jsonData: receiptOf([idOf(campaign, 3)], 'Delivered', { PushName: 'Zé & 🐦 = +%' }),
      userID: '1',
    }).toString()
    for (const [body, type] of [
      [spaced, 'application/json'],
      [bytes, 'application/json'],
      [form, FORM],
      [form.replaceAll('+', '%20'), FORM],
    ] as const) {
      const answered = await call(body, { type })
      expect([answered.statusCode, answered.json()]).toEqual([200, { stored: 1 }])
    }
    await drain()
    expect(await booksOf(campaign)).toEqual({ ...NO_COUNTS, read: 2, delivered: 1 })
  })

  it('and stored only where it says something that we act on', async () => {
    for (const payload of [
      { type: 'Message', event: { x: 1 } },
      { type: 'ReadReceipt', state: 'Read', event: {} },
      {},
    ]) {
      const body = JSON.stringify(payload)
      expect((await call(body)).json()).toEqual({ stored: 0 })
    }
    expect([await inboxSize(), bells]).toEqual([0, 0])
  })
})

describe('whatever stands in a signed body', () => {
  const nested = (open: string, close: string, n: number) => open.repeat(n) + close.repeat(n)

  it.each<[string, string | Buffer]>([
    ['nothing', ''],
    ['half an object', '{"type":"ReadReceipt"'],
    ['brackets 200,000 deep', nested('[', ']', 200_000)],
    [
      'objects 100,000 deep in the event',
      `{"type":"ReadReceipt","state":"Read","event":${nested('{"a":', '', 100_000)}1${'}'.repeat(100_000)}}`,
    ],
    ['a list', '[{"type":"ReadReceipt"}]'],
    ['a number', '7'],
    ['null', 'null'],
    ['bytes that are no text', Buffer.from([0xff, 0x00, 0x80, 0x7b])],
    [
      'wrong types everywhere',
      '{"type":{"a":1},"state":[],"event":{"MessageIDs":{"0":"x"},"IsFromMe":"no","Timestamp":{}}}',
    ],
    [
      'ids of every kind',
      JSON.stringify({
        type: 'ReadReceipt',
        state: 'Read',
        event: { MessageIDs: [1, null, {}, [], '', '\u0000', '\ud800', 'x'.repeat(200), '3EB0'] },
      }),
    ],
    [
      'an instant far beyond',
      JSON.stringify({ type: 'ReadReceipt', state: 'Read', event: { MessageIDs: ['a'], Timestamp: 8.64e15 } }),
    ],
    [
      'a name of the prototype',
      '{"__proto__":{"type":"ReadReceipt"},"constructor":1,"type":"ReadReceipt","event":{"__proto__":{"MessageIDs":["a"]}}}',
    ],
    ['2 MB and one byte', 'x'.repeat(2 * 1024 * 1024 + 1)],
  ])('is never our fault: %s', async (_what, body) => {
    for (const type of ['application/json', FORM, 'text/plain', '']) {
      const answered = await call(body, { type })
      expect(answered.statusCode).toBeLessThan(500)
      expect(answered.statusCode === 200 ? [200] : [answered.json().error.code]).not.toContain('INTERNAL')
    }
    await drain()
    expect(await inboxSize()).toBe(0)
    expect(Object.keys(Object.prototype)).toEqual([])
  })

  it('and under whatever content type, it is answered and the inbox can be emptied', async () => {
    const field = fc.oneof(
      fc.string(),
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom('ReadReceipt', 'Connected', 'TemporaryBan', 'Read', 'Delivered'),
    )
    const payload = fc.record(
      {
        type: field,
        state: field,
        event: fc.oneof(
          field,
          fc.record({ MessageIDs: fc.oneof(fc.array(field), field), Timestamp: field, Expire: field, IsFromMe: field }),
        ),
      },
      { requiredKeys: [] },
    )
    const bodies = fc.oneof(
      payload.map((value) => JSON.stringify(value)),
      fc.string({ unit: 'grapheme' }),
      payload.map((value) => `jsonData=${encodeURIComponent(JSON.stringify(value))}`),
    )
    await fc.assert(
      fc.asyncProperty(
        bodies,
        fc.constantFrom('application/json', FORM, 'text/xml', 'multipart/form-data; boundary=x', ';;;', ''),
        async (body, type) => {
          const answered = await call(body, { type })
          expect(answered.statusCode).toBeLessThan(500)
        },
      ),
      { numRuns: 200 },
    )
    await drain()
    expect(await inboxSize()).toBe(0)
  })

  it('10,000 receipts in one call move those who are there', async () => {
    const campaign = await newCampaign(2000)
    const ids = Array.from({ length: 10_000 }, (_, index) => idOf(campaign, index + 1))
    expect((await call(receiptOf(ids, 'Delivered'))).statusCode).toBe(200)
    // In pieces: one transaction over all of them would hold the counters for seconds.
    expect(await inboxSize()).toBe(20)
    expect([await applier.applyNext(), await inboxSize()]).toEqual([true, 19])
    await drain()
    expect(await booksOf(campaign)).toEqual({ ...NO_COUNTS, delivered: 2000 })
  })
})

describe('a receipt', () => {
  it('is counted once, though the call comes five times, three of them at once', async () => {
    const campaign = await newCampaign(2)
    const body = receiptOf([idOf(campaign, 1), idOf(campaign, 1)], 'Delivered')
    const answers = await Promise.all([call(body), call(body), call(body)])
    expect(answers.map((answer) => answer.statusCode)).toEqual([200, 200, 200])
    expect(await inboxSize()).toBe(1)
    await drain()
    for (let again = 0; again < 2; again++) {
      expect((await call(body)).statusCode).toBe(200)
      await drain()
    }
    expect(await booksOf(campaign)).toEqual({ ...NO_COUNTS, sent: 1, delivered: 1 })
  })

  it('only moves forward, in whatever order, grouping and number they come', async () => {
    const one = fc.record({
      recipient: fc.integer({ min: 1, max: 3 }),
      state: fc.constantFrom<State>('Delivered', 'Read'),
      apply: fc.boolean(),
    })
    const receipts = fc.array(one, { minLength: 1, maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(
        receipts,
        fc.constantFrom<RecipientStatus>('sending', 'sent', 'unknown', 'retrying'),
        async (list, begin) => {
          const campaign = await newCampaign(3, begin)
          const model = new Map<number, RecipientStatus>([1, 2, 3].map((n) => [n, begin]))
          for (const { recipient, state, apply } of list) {
            // Another instance name each, so that none is taken for a repetition.
            const body = receiptOf([idOf(campaign, recipient)], state, { Chat: randomUUID() })
            expect((await call(body)).statusCode).toBe(200)
            if (state === 'Read') model.set(recipient, 'read')
            else if (model.get(recipient) !== 'read') model.set(recipient, 'delivered')
            if (apply) await drain()
          }
          await drain()
          const expected = { ...NO_COUNTS }
          for (const state of model.values()) expected[state]++
          expect(await booksOf(campaign)).toEqual(expected)
          for (const [recipient, state] of model) expect(await stateOf(campaign, recipient)).toBe(state)
        },
      ),
      { numRuns: 100 },
    )
  }, 120_000)

  it.each<[RecipientStatus]>([['pending'], ['failed'], ['skipped'], ['cancelled']])(
    'moves nobody who is %s',
    async (status) => {
      const campaign = await newCampaign(1, status)
      await call(receiptOf([idOf(campaign, 1)], 'Read'))
      await drain()
      expect(await booksOf(campaign)).toEqual({ ...NO_COUNTS, [status]: 1 })
    },
  )

  it("moves nobody of another account, nor of another channel of one's own", async () => {
    const stranger = await newChannel(await buildUser(test.db))
    const second = await newChannel()
    const theirs = await newCampaign(1, 'sent', stranger)
    const mine = await newCampaign(1, 'sent', second)
    expect(
      (
        await call(
          receiptOf(
            [idOf(theirs, 1), idOf(mine, 1), 'wamid.x', idOf(mine, 999), messageIdOf(0xffffffff, 1, 0)],
            'Read',
          ),
        )
      ).statusCode,
    ).toBe(200)
    await drain()
    for (const campaign of [theirs, mine]) expect(await booksOf(campaign)).toEqual({ ...NO_COUNTS, sent: 1 })
  })

  it('that speaks of a step that is not the last one leaves the recipient as it is', async () => {
    const campaign = await newCampaign(1)
    await test.db
      .updateTable('campaigns')
      .set({
        messages: JSON.stringify([
          { type: 'text', content: 'a' },
          { type: 'text', content: 'b' },
        ]),
      })
      .where('id', '=', campaign.id)
      .execute()
    await call(receiptOf([idOf(campaign, 1, 0), idOf(campaign, 1, 15)], 'Read'))
    await drain()
    expect(await booksOf(campaign)).toEqual({ ...NO_COUNTS, sent: 1 })
  })

  it('that is faster than our own bookkeeping is not undone by it', async () => {
    const campaign = await buildCampaign(test.db, { userId, channelId: channel.id }, { recipients: 2 })
    const lane = await holdLane(test.db, campaign)
    const { recipients: claimed } = await claimRecipients(test.db, lane, campaign.id, {
      after: Number.MIN_SAFE_INTEGER,
      limit: 2,
    })
    await call(receiptOf([idOf(campaign, 1)], 'Delivered'))
    await drain()
    expect(await booksOf(campaign)).toEqual({ ...NO_COUNTS, sending: 1, delivered: 1 })
    const settlements = claimed.map(({ attempts, id, maybeSent, resends, step }) => ({
      campaignId: campaign.id,
      id,
      step,
      resends,
      maybeSent,
      attempts: attempts + 1,
      status: 'sent' as const,
      finishedStep: null,
      gatewayId: null,
      retryInMs: null,
      error: null,
    }))
    expect(await settleRecipients(test.db, lane, settlements, { nextSlotInMs: null, backOffInMs: null })).toMatchObject(
      { authorised: true },
    )
    expect(await booksOf(campaign)).toEqual({ ...NO_COUNTS, sent: 1, delivered: 1 })
  })

  it('counts also after the campaign has ended', async () => {
    const campaign = await newCampaign(1)
    await test.db.updateTable('campaigns').set({ status: 'completed' }).where('id', '=', campaign.id).execute()
    await call(receiptOf([idOf(campaign, 1)], 'Read'))
    await drain()
    expect(await booksOf(campaign)).toEqual({ ...NO_COUNTS, read: 1 })
  })
})

describe('the inbox', () => {
  /** Calls as the route stores them, straight into the table. */
  async function fill(of: TestChannel, calls: { ids: string[]; state: 'delivered' | 'read' }[]): Promise<void> {
    const rows = calls.map(({ ids, state }) => ({
      user_id: of.userId,
      channel_id: of.id,
      dedupe_key: Buffer.from(randomUUID()),
      events: JSON.stringify([{ type: 'receipt', messageIds: ids, state, at: new Date() }]),
    }))
    for (let from = 0; from < rows.length; from += 500)
      await test.db
        .insertInto('webhook_inbox')
        .values(rows.slice(from, from + 500))
        .execute()
  }

  it('is emptied in batches of at most 500, oldest first', async () => {
    const campaign = await newCampaign(1201)
    await fill(
      channel,
      Array.from({ length: 1201 }, (_, index) => ({ ids: [idOf(campaign, index + 1)], state: 'read' as const })),
    )
    expect([await applier.applyNext(), await inboxSize()]).toEqual([true, 701])
    expect([await stateOf(campaign, 500), await stateOf(campaign, 501)]).toEqual(['read', 'sent'])
    expect([await applier.applyNext(), await inboxSize()]).toEqual([true, 201])
    expect([await applier.applyNext(), await inboxSize()]).toEqual([false, 0])
    expect([await applier.applyNext(), await inboxSize()]).toEqual([false, 0])
    expect(await booksOf(campaign)).toEqual({ ...NO_COUNTS, read: 1201 })
  })

  it('is emptied in batches of at most 500 also where PostgreSQL runs the choice of rows in a loop', async () => {
    const { database } = test.connection
    const plans = ['hashjoin', 'mergejoin', 'hashagg', 'sort', 'material']
    for (const plan of plans)
      await sql`alter database ${sql.id(database)} set ${sql.raw(`enable_${plan}`)} = off`.execute(test.db)
    const looping = openDatabase(test.connection, { log: testLog, max: 1, name: 'test' })
    try {
      await fill(
        channel,
        Array.from({ length: 600 }, () => ({ ids: ['x'], state: 'read' as const })),
      )
      const looper = new ReceiptApplier({ db: looping.db, log: testLog, pollMs: 1000 })
      expect([await looper.applyNext(), await inboxSize()]).toEqual([true, 100])
    } finally {
      await looping.close()
      for (const plan of plans)
        await sql`alter database ${sql.id(database)} reset ${sql.raw(`enable_${plan}`)}`.execute(test.db)
    }
  })

  it('is emptied by several at once, each receipt counted once and nobody waiting in a circle', async () => {
    const channels = [channel, await newChannel(), await newChannel(await buildUser(test.db))]
    const campaigns = await Promise.all(
      channels.flatMap((one) => [newCampaign(400, 'sent', one), newCampaign(400, 'sent', one)]),
    )
    for (let round = 0; round < 4; round++) {
      for (const [index, campaign] of campaigns.entries()) {
        const of = channels[Math.floor(index / 2)] as TestChannel
        const ids = shuffled(
          Array.from({ length: 400 }, (_, n) => idOf(campaign, n + 1)),
          round * 31 + index,
        )
        const state = round % 2 === 0 ? ('delivered' as const) : ('read' as const)
        await fill(
          of,
          Array.from({ length: 100 }, (_, n) => ({ ids: ids.slice(n * 4, n * 4 + 4), state })),
        )
      }
    }
    await Promise.all(Array.from({ length: 5 }, () => drain(newApplier())))
    await drain()
    expect(await inboxSize()).toBe(0)
    for (const campaign of campaigns) expect(await booksOf(campaign)).toEqual({ ...NO_COUNTS, read: 400 })
  })

  it('keeps what could not be applied', async () => {
    const campaign = await newCampaign(1)
    await call(receiptOf([idOf(campaign, 1)], 'Read'))
    await test.db.schema.alterTable('campaign_counts').renameTo('campaign_counts_away').execute()
    try {
      await expect(applier.applyNext()).rejects.toThrow(/campaign_counts/)
    } finally {
      await test.db.schema.alterTable('campaign_counts_away').renameTo('campaign_counts').execute()
    }
    expect([await inboxSize(), await stateOf(campaign, 1)]).toEqual([1, 'sent'])
    await drain()
    expect(await booksOf(campaign)).toEqual({ ...NO_COUNTS, read: 1 })
  })
})

it.each([['json'], ['form']] as const)(
  'the gateway itself reports as %s, and the books follow',
  async (webhookFormat) => {
    const sandbox = await TestSandbox.start()
    const address = await app.listen({ host: '127.0.0.1', port: 0 }).catch(() => addressOf(app))
    const running = newApplier()
    running.start()
    try {
      const campaign = await newCampaign(30)
      const soon = {
        delivered: 1,
        read: 0.5,
        deliveredDelayMinMs: 0,
        deliveredDelayMaxMs: 30,
        readDelayMinMs: 0,
        readDelayMaxMs: 30,
        repeatedReceipts: 0.3,
        webhookFormat,
      }
      await sandbox.register('gateway-token', soon, {
        hmacKey: KEY,
        webhookUrl: `${address}/api/hooks/${channel.id}/${channel.secret}`,
        events: ['All'],
      })
      for (let n = 1; n <= 30; n++) {
        const sent = await sandbox.sendText('gateway-token', {
          Phone: `55119${10_000_000 + n}`,
          Id: idOf(campaign, n),
          Body: 'Olá 🐦 <&> é',
        })
        expect(sent.status).toBe(200)
      }
      await expect.poll(async () => (await getCounts(test.db, userId, campaign.id)).sent, { timeout: 10_000 }).toBe(0)
      await expect
        .poll(async () => (await getCounts(test.db, userId, campaign.id)).read, { timeout: 10_000 })
        .toBeGreaterThan(3)
      expect(totalOf(await booksOf(campaign))).toBe(30)
    } finally {
      await sandbox.stop()
      await running.stop()
    }
  },
)

function addressOf(listening: FastifyInstance): string {
  const address = listening.server.address()
  if (address === null || typeof address === 'string') throw new Error('The server does not listen.')
  return `http://127.0.0.1:${address.port}`
}

/** Status, headers and body, without what differs from answer to answer whatever it says. */
function wholeOf({ body, headers, statusCode }: Awaited<ReturnType<typeof call>>): unknown {
  const { date: _date, 'x-request-id': _id, ...rest } = headers
  return { statusCode, body, headers: rest }
}

/** The same for the same seed, so that a failure can be seen again. */
function shuffled<T>(items: T[], seed: number): T[] {
  return items
    .map((item, index) => ({ item, key: Math.sin(seed * 7919 + index) }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item)
}
