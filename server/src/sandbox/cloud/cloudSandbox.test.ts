import { createHmac } from 'node:crypto'
import { cp, rm } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createLogger } from '#server/lib/logger.ts'
import { startSandbox } from '../Sandbox.ts'
import { TestSandbox, type Answer } from '../testSandbox.ts'
import type { CloudVerdict } from './cloudSettings.ts'
import { APP_SECRET, TestCloud, TestHook, type TestNumber } from './testCloud.ts'

const ANA = '+5511955550101'
const DIGITS = '5511955550101'

let sandbox: TestSandbox
let cloud: TestCloud
let hook: TestHook

beforeAll(async () => {
  sandbox = await TestSandbox.start()
  cloud = new TestCloud(sandbox)
})
afterAll(() => sandbox.stop())
beforeEach(async () => {
  hook = await TestHook.start()
})
afterEach(() => hook.close())

const errorOf = (answer: Answer) => (answer.json as { error: { code: number; error_subcode?: number } }).error
const wamidOf = (answer: Answer) => (answer.json as { messages: { id: string }[] }).messages[0]?.id

describe('who may ask', () => {
  test.each<[string, string | null, number, number, number | undefined]>([
    ['nobody', null, 401, 104, undefined],
    ['a token that is none', 'EAA-wrong', 401, 190, undefined],
  ])('%s', async (_name, token, status, code, subcode) => {
    const number = await cloud.register()
    const answer = await number.graph('POST', `${number.id}/messages`, {}, token)
    expect([answer.status, errorOf(answer).code, errorOf(answer).error_subcode]).toEqual([status, code, subcode])
  })

  test('a token sees its own numbers only', async () => {
    const [mine, other] = [await cloud.register(), await cloud.register()]
    for (const path of [`${other.id}/messages`, '999999/messages']) {
      const answer = await mine.graph('POST', path, {})
      expect([answer.status, errorOf(answer)]).toMatchObject([400, { code: 100, error_subcode: 33 }])
    }
  })

  test('a revoked token is refused until a new one is registered', async () => {
    const number = await cloud.register()
    await number.control('POST', '/state', { tokenRevoked: true })
    expect(errorOf(await number.sendText(ANA)).code).toBe(190)
    await sandbox.call('PUT', '/sandbox/cloud/numbers', {
      admin: true,
      body: { phoneNumberId: number.id, token: number.token },
    })
    expect((await number.sendText(ANA)).status).toBe(200)
  })

  test('control needs the admin token, and never shows token or secret', async () => {
    const number = await cloud.register()
    expect((await sandbox.call('GET', '/sandbox/cloud/numbers')).status).toBe(401)
    const { text } = await sandbox.call('GET', `/sandbox/cloud/numbers/${number.id}`, { admin: true })
    expect(text).toContain(number.id)
    expect(text).not.toMatch(new RegExp(`${APP_SECRET}|${number.token}`))
  })

  test('paths outside of a version are not there', async () => {
    const number = await cloud.register()
    expect(await sandbox.call('GET', `/session/nothing`)).toMatchObject({ status: 404, text: '404 page not found\n' })
    expect(await sandbox.call('POST', `/25/${number.id}/messages`)).toMatchObject({ status: 404 })
  })
})

describe('sends', () => {
  test('are accepted with a wamid that is in the ledger beside our id', async () => {
    const number = await cloud.register()
    const answer = await number.sendText(ANA, 'our-id')
    expect(answer).toMatchObject({
      status: 200,
      json: { messaging_product: 'whatsapp', contacts: [{ input: ANA, wa_id: DIGITS }] },
    })
    expect(JSON.parse(String(answer.headers['x-business-use-case-usage']))).toHaveProperty(number.wabaId)
    const wamid = wamidOf(answer)
    expect(wamid).toMatch(/^wamid\./)
    expect(await number.ledger()).toMatchObject([
      { kind: 'read', user: number.id, number: DIGITS, messageId: 'our-id', type: 'text', wamid },
      { kind: 'accepted', user: number.id, number: DIGITS, messageId: 'our-id', wamid },
    ])
  })

  test('with the same callback data twice are two messages', async () => {
    const number = await cloud.register({ delivered: 1, read: 0 }, { webhookUrl: hook.url })
    const wamids = [wamidOf(await number.sendText(ANA, 'same')), wamidOf(await number.sendText(ANA, 'same'))]
    expect(new Set(wamids).size).toBe(2)
    expect((await number.ledger('accepted')).map(({ messageId, wamid }) => [messageId, wamid])).toEqual(
      wamids.map((wamid) => ['same', wamid]),
    )
    const statuses = await hook.waitForStatuses(4)
    expect(new Set(statuses.filter(({ status }) => status === 'delivered').map(({ id }) => id))).toEqual(
      new Set(wamids),
    )
  })

  test("without a plus go to the business's own country", async () => {
    const number = await cloud.register()
    await number.sendText('11955550101')
    await number.sendText(DIGITS)
    await number.sendText('+55 (11) 95555-0101')
    expect((await number.ledger('accepted')).map((line) => line.number)).toEqual([DIGITS, `55${DIGITS}`, DIGITS])
  })

  test.each<[string, Record<string, unknown>, number]>([
    ['no product', { messaging_product: undefined }, 100],
    ['no recipient', { to: undefined }, 131_008],
    ['a recipient that is no number', { to: 'Ana' }, 131_009],
    ['no text', { text: {} }, 131_008],
    ['a text that is too long', { text: { body: 'x'.repeat(4097) } }, 100],
    ['an unknown type', { type: 'carousel' }, 131_009],
    ['callback data that are too long', { biz_opaque_callback_data: 'x'.repeat(513) }, 100],
    ['a picture that was never uploaded', { type: 'image', image: { id: '900100200300' } }, 131_009],
    ['a group', { recipient_type: 'group' }, 100],
  ])('with %s are refused', async (_name, more, code) => {
    const number = await cloud.register()
    const answer = await number.sendText(ANA, 'id', more)
    expect([answer.status, errorOf(answer).code]).toEqual([400, code])
    expect((await number.ledger()).map(({ kind }) => kind)).toEqual(['read', 'refused'])
  })

  test('above the messages per second get 130429', async () => {
    const number = await cloud.register({ messagesPerSecond: 5 })
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) => number.sendText(`+55119555502${10 + n}`, `id-${n}`)),
    )
    const refused = answers.filter(({ status }) => status === 400)
    expect(refused.length).toBeGreaterThanOrEqual(5)
    expect(new Set(refused.map((answer) => errorOf(answer).code))).toEqual(new Set([130_429]))
  })

  test('from a number that is not connected fail', async () => {
    const number = await cloud.register()
    await number.control('POST', '/state', { status: 'PENDING' })
    expect(errorOf(await number.sendText(ANA)).code).toBe(133_010)
    await number.control('POST', '/state', { status: 'RESTRICTED' })
    expect(await number.sendText(ANA)).toMatchObject({ status: 403, json: { error: { code: 368 } } })
  })

  test('fall into the shares by recipient, at once or by webhook, or only once', async () => {
    const faults = [
      { code: 131_026, share: 0.5, when: 'webhook' as const },
      { code: 131_000, share: 1, when: 'answer' as const, once: true },
    ]
    const number = await cloud.register({ faults, messagesPerSecond: 0 }, { webhookUrl: hook.url })
    const sendAll = () =>
      Promise.all(Array.from({ length: 40 }, (_, n) => number.sendText(`+55119555503${10 + n}`, `id-${n}`)))
    const first = await sendAll()
    const later = await sendAll()
    const refused = first.filter(({ status }) => status === 500).length
    expect(refused).toBeGreaterThan(5)
    expect(refused).toBeLessThan(35)
    expect(later.every(({ status }) => status === 200)).toBe(true)
    const failed = (await hook.waitForStatuses((40 - refused) * 2 + refused)).filter(
      ({ status }) => status === 'failed',
    )
    expect(failed).toHaveLength((40 - refused) * 2)
    expect(failed[0]).toMatchObject({ errors: [{ code: 131_026 }] })
  })
})

describe('templates', () => {
  const templates = [
    { name: 'spring_offer', language: 'pt_BR', body: 'Oi {{1}}, {{2}}' },
    { name: 'named', language: 'pt_BR', body: 'Oi {{nome}}', parameterFormat: 'NAMED', headerFormat: 'IMAGE' },
    { name: 'tired', language: 'pt_BR', body: 'Oi', status: 'PAUSED' },
  ]
  const text = (value: string, name?: string) => ({ type: 'text', text: value, parameter_name: name })
  const body = (...parameters: unknown[]) => ({ type: 'body', parameters })
  const image = { type: 'header', parameters: [{ type: 'image', image: { link: 'https://cdn.example.test/a.png' } }] }

  test.each<[string, string, string, unknown[], number]>([
    ['fits', 'spring_offer', 'pt_BR', [body(text('Ana'), text('20%'))], 0],
    ['fits by name', 'named', 'pt_BR', [body(text('Ana', 'nome')), image], 0],
    ['of another language', 'spring_offer', 'en_US', [], 132_001],
    ['that is not there', 'autumn_offer', 'pt_BR', [], 132_001],
    ['that is paused', 'tired', 'pt_BR', [], 132_015],
    ['with too few values', 'spring_offer', 'pt_BR', [body(text('Ana'))], 132_000],
    ['with other names', 'named', 'pt_BR', [body(text('Ana', 'name')), image], 132_012],
    ['without its picture', 'named', 'pt_BR', [body(text('Ana', 'nome'))], 132_012],
    ['with a line break', 'spring_offer', 'pt_BR', [body(text('A\nB'), text('x'))], 132_018],
  ])('one %s', async (_name, name, language, components, code) => {
    const number = await cloud.register({}, { templates })
    const answer = await number.sendText(ANA, 'id', {
      type: 'template',
      template: { name, language: { code: language }, components },
    })
    if (code === 0) expect(answer).toMatchObject({ status: 200, json: { messages: [{ message_status: 'accepted' }] } })
    else expect(errorOf(answer).code).toBe(code)
  })

  test('are listed in pages', async () => {
    const number = await cloud.register({}, { templates })
    const list = async (query: string) =>
      (await number.graph('GET', `${number.wabaId}/message_templates?${query}`)).json
    const first = (await list('limit=2')) as {
      data: { name: string }[]
      paging: { cursors: { after: string }; next?: string }
    }
    expect(first.data.map(({ name }) => name)).toEqual(['spring_offer', 'named'])
    expect(first.paging.next).toBeDefined()
    expect(await list(`limit=2&after=${first.paging.cursors.after}`)).toMatchObject({
      data: [{ name: 'tired', status: 'PAUSED' }],
    })
    expect(await list('status=approved')).toMatchObject({ data: [{}, {}] })
    expect(await list('after=nonsense')).toMatchObject({ error: { code: 131_059 } })
  })
})

describe('statuses', () => {
  test('are signed over the bytes that arrive, with the letters escaped', async () => {
    const number = await cloud.register({ delivered: 1, read: 1 }, { webhookUrl: hook.url })
    const wamid = wamidOf(await number.sendText(ANA, 'our-id'))
    const statuses = await hook.waitForStatuses(3)
    expect(new Set(statuses.map(({ status }) => status))).toEqual(new Set(['delivered', 'read', 'sent']))
    for (const status of statuses)
      expect(status).toMatchObject({ id: wamid, recipient_id: DIGITS, biz_opaque_callback_data: 'our-id' })
    for (const { raw, signature } of hook.calls) {
      expect(signature).toBe(`sha256=${createHmac('sha256', APP_SECRET).update(raw).digest('hex')}`)
      expect(raw.toString()).toMatch(/^[\x20-\x7e]+$/)
    }
  })

  test('can come doubled, in reverse and before the answer', async () => {
    const number = await cloud.register(
      {
        delivered: 1,
        read: 1,
        repeated: 1,
        shuffled: 1,
        deliveredDelayMinMs: 60,
        deliveredDelayMaxMs: 60,
        readDelayMinMs: 60,
        readDelayMaxMs: 60,
      },
      { webhookUrl: hook.url },
    )
    await number.sendText(ANA, 'our-id')
    const seen = (await hook.waitForStatuses(6)).map(({ status }) => String(status))
    expect(seen.filter((status) => status === 'read')).toHaveLength(2)
    expect(seen.indexOf('read')).toBeLessThan(seen.indexOf('sent'))
    await number.setScript({ '*': [{ kind: 'hang', accept: true }] })
    const hanging = number.sendText(ANA, 'early').catch(() => 'cut')
    await hook.waitFor(() => hook.statuses().some((status) => status['biz_opaque_callback_data'] === 'early'))
    expect(await Promise.race([hanging, Promise.resolve('still open')])).toBe('still open')
  })

  test('share calls, no more than the batch in each', async () => {
    const number = await cloud.register(
      { messagesPerSecond: 0, statusBatch: 8, sentDelayMs: 200 },
      { webhookUrl: hook.url },
    )
    await Promise.all(Array.from({ length: 40 }, (_, n) => number.sendText(`+55119555504${10 + n}`, `id-${n}`)))
    await hook.waitForStatuses(40)
    const sizes = hook.calls.map(({ raw }) => raw.toString().split('"status":').length - 1)
    expect(Math.max(...sizes)).toBe(8)
  })

  test('that are refused come again', async () => {
    const number = await cloud.register({}, { webhookUrl: hook.url })
    hook.answers.push(500, 503)
    await number.sendText(ANA, 'our-id')
    await hook.waitFor(() => hook.calls.length === 3)
    expect(new Set(hook.calls.map(({ raw }) => raw.toString())).size).toBe(1)
  })

  test('of a failure may come without our id', async () => {
    const number = await cloud.register({ echoOnFailed: false }, { webhookUrl: hook.url })
    await number.setScript({ [DIGITS]: [{ kind: 'accept', statuses: ['sent', 'failed'], code: 131_049 }] })
    await number.sendText(ANA, 'our-id')
    const [sent, failed] = await hook.waitForStatuses(2)
    expect(sent).toMatchObject({ status: 'sent', biz_opaque_callback_data: 'our-id' })
    expect(failed).toMatchObject({ status: 'failed', errors: [{ code: 131_049 }] })
    expect(failed).not.toHaveProperty('biz_opaque_callback_data')
  })

  test('other updates are sent as asked', async () => {
    const number = await cloud.register({}, { webhookUrl: hook.url })
    await number.control('POST', '/webhook', { field: 'account_update', value: { event: 'ACCOUNT_VIOLATION' } })
    await hook.waitFor(() => hook.calls.length === 1)
    expect(JSON.parse(String(hook.calls[0]?.raw))).toMatchObject({
      entry: [{ changes: [{ field: 'account_update', value: { event: 'ACCOUNT_VIOLATION' } }] }],
    })
  })
})

describe('a script', () => {
  const outcome = async (number: TestNumber) => {
    const answer = await number.sendText(ANA, 'our-id').catch(() => null)
    const lines = (await number.ledger()).map(({ kind }) => kind)
    return {
      status: answer?.status ?? 'cut',
      code: (answer?.json as { error?: { code: number } } | null)?.error?.code,
      kind: lines.at(-1),
    }
  }

  test.each<[CloudVerdict, Awaited<ReturnType<typeof outcome>>]>([
    [{ kind: 'accept' }, { status: 200, code: undefined, kind: 'accepted' }],
    [
      { kind: 'error', code: 131_056 },
      { status: 400, code: 131_056, kind: 'refused' },
    ],
    [
      { kind: 'error', code: 131_056, status: 429 },
      { status: 429, code: 131_056, kind: 'refused' },
    ],
    [
      { kind: 'error', code: 131_000, accept: true },
      { status: 500, code: 131_000, kind: 'accepted' },
    ],
    [
      { kind: 'answer', status: 502, body: '<html>' },
      { status: 502, code: undefined, kind: 'refused' },
    ],
    [{ kind: 'resetBeforeAnswer' }, { status: 'cut', code: undefined, kind: 'refused' }],
    [{ kind: 'resetAfterAccept' }, { status: 'cut', code: undefined, kind: 'accepted' }],
    [
      { kind: 'drip', everyMs: 1 },
      { status: 200, code: undefined, kind: 'accepted' },
    ],
    [
      { kind: 'delay', ms: 5 },
      { status: 200, code: undefined, kind: 'accepted' },
    ],
  ])('%j', async (verdict, expected) => {
    const number = await cloud.register()
    await number.setScript({ [DIGITS]: [verdict] })
    expect(await outcome(number)).toEqual(expected)
    expect(await outcome(number)).toMatchObject({ status: 200, kind: 'accepted' })
  })
})

test('the address is asked for its challenge, and no status comes before the account is subscribed', async () => {
  const number = await cloud.register()
  const configure = (verify_token: string) =>
    number.graph('POST', number.id, { webhook_configuration: { override_callback_uri: hook.url, verify_token } })
  expect(errorOf(await configure('wrong')).code).toBe(100)
  expect(await configure(hook.verifyToken)).toMatchObject({ status: 200, json: { success: true } })
  await number.sendText(ANA, 'before')
  await number.graph('POST', `${number.wabaId}/subscribed_apps`, {})
  await number.sendText(ANA, 'after')
  expect((await hook.waitForStatuses(1)).map((status) => status['biz_opaque_callback_data'])).toEqual(['after'])
})

test('one unknown field fails the whole question', async () => {
  const number = await cloud.register()
  expect(await number.graph('GET', `${number.id}?fields=status,quality_rating`)).toMatchObject({
    json: { status: 'CONNECTED', quality_rating: 'GREEN', id: number.id },
  })
  expect(errorOf(await number.graph('GET', `${number.id}?fields=status,nonsense`)).code).toBe(100)
})

test('numbers and ledger are there again after a restart', async () => {
  const first = await TestSandbox.start()
  const number = await new TestCloud(first).register({ statusBatch: 7 })
  await number.sendText(ANA, 'our-id')
  const directory = `${first.directory}-again`
  await cp(first.directory, directory, { recursive: true })
  await first.stop()
  await rm(`${directory}/sandbox.lock`, { force: true })
  const again = await startSandbox({ directory, port: 0, log: createLogger({ level: 'silent', name: 'test' }) })
  try {
    const answer = await fetch(`${again.url}/sandbox/cloud/numbers/${number.id}`, {
      headers: { authorization: again.adminToken },
    })
    expect(await answer.json()).toMatchObject({
      behaviour: { statusBatch: 7 },
      ledger: { accepted: 1, distinctAccepted: 1 },
    })
  } finally {
    await again.close()
    await rm(directory, { recursive: true, force: true })
  }
})
