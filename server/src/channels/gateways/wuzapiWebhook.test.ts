import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { AppError } from '#server/lib/AppError.ts'
import type { GatewayEvent } from './Gateway.ts'
import { parseWuzapiWebhook, verifyWuzapiSignature } from './wuzapiWebhook.ts'

const ID = '3EB0A1B2C3D4E5F60718'
const FORM = 'application/x-www-form-urlencoded'

function json(payload: unknown, contentType = 'application/json'): GatewayEvent[] {
  return parseWuzapiWebhook(Buffer.from(JSON.stringify(payload)), contentType)
}

function form(payload: unknown): Buffer {
  return Buffer.from(
    new URLSearchParams({ instanceName: 'line-1', jsonData: JSON.stringify(payload), userID: '9f2c' }).toString(),
  )
}

function receipt(state: string | undefined, event: Record<string, unknown> = {}): unknown {
  return {
    type: 'ReadReceipt',
    state,
    userID: '9f2c',
    instanceName: 'line-1',
    event: {
      Chat: '123456789012345@lid',
      Sender: '123456789012345@lid',
      IsFromMe: false,
      IsGroup: false,
      MessageIDs: [ID],
      Timestamp: '2026-01-22T10:15:31-03:00',
      Type: '',
      MessageSender: '',
      ...event,
    },
  }
}

const DELIVERED = [{ type: 'receipt', messageIds: [ID], state: 'delivered', at: new Date('2026-01-22T13:15:31Z') }]
const IGNORED = [{ type: 'other', name: 'ReadReceipt' }]

describe('receipts', () => {
  test('come as JSON, and as JSON in a form', () => {
    expect(json(receipt('Delivered'))).toEqual(DELIVERED)
    expect(parseWuzapiWebhook(form(receipt('Delivered')), FORM)).toEqual(DELIVERED)
    expect(parseWuzapiWebhook(form(receipt('Delivered')), `${FORM}; charset=utf-8`)).toEqual(DELIVERED)
  })

  test('are found under a content type that is wrong or missing', () => {
    expect(json(receipt('Delivered'), '')).toEqual(DELIVERED)
    expect(json(receipt('Delivered'), FORM)).toEqual(DELIVERED)
    expect(parseWuzapiWebhook(form(receipt('Delivered')), '')).toEqual(DELIVERED)
    expect(parseWuzapiWebhook(form(receipt('Delivered')), 'text/plain')).toEqual(DELIVERED)
  })

  test('say delivered or read', () => {
    expect(json(receipt('Read', { Type: 'read' }))).toMatchObject([{ type: 'receipt', state: 'read' }])
    expect(json(receipt(undefined))).toEqual(DELIVERED)
    expect(json(receipt(undefined, { Type: 'read' }))).toMatchObject([{ state: 'read' }])
  })

  test('of our own devices are ignored', () => {
    expect(json(receipt('ReadSelf', { Type: 'read-self' }))).toEqual(IGNORED)
    expect(json(receipt(undefined, { Type: 'read-self' }))).toEqual(IGNORED)
    expect(json(receipt('Read', { IsFromMe: true }))).toEqual(IGNORED)
    expect(json(receipt('Delivered', { IsFromMe: true }))).toEqual(IGNORED)
    expect(json(receipt('Played'))).toEqual(IGNORED)
  })

  test('name several messages, each once, and nothing that is no id', () => {
    const ids = [ID, 'B', ID, '', 7, null, 'a\u0000b', 'x'.repeat(129)]
    expect(json(receipt('Read', { MessageIDs: ids }))).toMatchObject([{ messageIds: [ID, 'B'] }])
  })

  test.each([[[]], [null], [undefined], ['text'], [{}]])('without ids are ignored: %j', (MessageIDs) => {
    expect(json(receipt('Read', { MessageIDs }))).toEqual(IGNORED)
  })

  test('without an event are ignored', () => {
    expect(json({ type: 'ReadReceipt', state: 'Read' })).toEqual(IGNORED)
    expect(json({ type: 'ReadReceipt', state: 'Read', event: 'x' })).toEqual(IGNORED)
  })

  test.each<[unknown, string]>([
    ['2026-01-22T13:15:31Z', '2026-01-22T13:15:31.000Z'],
    ['2026-01-22T13:15:31.123456789+00:00', '2026-01-22T13:15:31.123Z'],
    [1769087731, '2026-01-22T13:15:31.000Z'],
    ['1769087731', '2026-01-22T13:15:31.000Z'],
    [1769087731000, '2026-01-22T13:15:31.000Z'],
    ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59.000Z'],
  ])('the time %j is read', (Timestamp, expected) => {
    expect(json(receipt('Read', { Timestamp }))).toMatchObject([{ at: new Date(expected) }])
  })

  test.each([[undefined], [null], ['yesterday'], ['0001-01-01T00:00:00Z'], [0], [-5], [{}], [1e300]])(
    'the time %j is now',
    (Timestamp) => {
      const before = Date.now()
      const [event] = json(receipt('Read', { Timestamp }))
      if (event?.type !== 'receipt') throw new Error('expected a receipt')
      expect(event.at.getTime()).toBeGreaterThanOrEqual(before)
      expect(event.at.getTime()).toBeLessThanOrEqual(Date.now())
    },
  )
})

describe('the session', () => {
  test.each([
    ['Connected', {}, 'connected'],
    ['Disconnected', {}, 'disconnected'],
    ['ConnectFailure', { Reason: 400, Message: 'x' }, 'disconnected'],
    ['StreamError', { Code: '515' }, 'disconnected'],
    ['StreamReplaced', {}, 'disconnected'],
    ['ClientOutdated', {}, 'disconnected'],
    ['LoggedOut', { OnConnect: true, Reason: 401 }, 'logged_out'],
    ['QRTimeout', 'timeout', 'logged_out'],
  ])('%s', (type, event, state) => {
    expect(json({ type, event })).toEqual([{ type: 'connection', state, until: null }])
  })

  test('a ban lasts as many nanoseconds as it says', () => {
    const [event] = json({ type: 'TemporaryBan', event: { Code: 101, Expire: 3_600_000_000_000 } })
    if (event?.type !== 'connection' || event.until === null) throw new Error('expected the end of a ban')
    expect(event.state).toBe('banned')
    expect(Math.abs(event.until.getTime() - Date.now() - 3_600_000)).toBeLessThan(1000)
  })

  test.each([[0], [-1], ['x'], [undefined], [1e300]])('a ban of %j has no known end', (Expire) => {
    expect(json({ type: 'TemporaryBan', event: { Code: 101, Expire } })).toEqual([
      { type: 'connection', state: 'banned', until: null },
    ])
  })
})

test.each([
  [{ type: 'Message', event: { Info: { ID: 'x' } } }, 'Message'],
  [{ type: 'KeepAliveTimeout', event: { ErrorCount: 1 } }, 'KeepAliveTimeout'],
  [{ type: 'a b' }, 'unknown'],
  [{ type: 7 }, 'unknown'],
  [{}, 'unknown'],
])('%j is something else', (payload, name) => {
  expect(json(payload)).toEqual([{ type: 'other', name }])
})

test.each([
  ['nothing', '', 'application/json'],
  ['half an object', '{"type":', 'application/json'],
  ['a list', '[{"type":"Connected"}]', 'application/json'],
  ['a number', '7', 'application/json'],
  ['a form without jsonData', 'a=b', FORM],
  ['a form with broken jsonData', 'jsonData=%7B', FORM],
  ['a form with a list', 'jsonData=[]', FORM],
  ['nothing as a form', '', FORM],
  ['UTF-16', Buffer.from('{"type":"Connected"}', 'utf16le'), 'application/json'],
])('%s is refused', (_name, body, contentType) => {
  const parse = () => parseWuzapiWebhook(Buffer.from(body), contentType)
  expect(parse).toThrow(AppError)
  expect(parse).toThrow(expect.objectContaining({ code: 'MALFORMED_REQUEST' }))
})

describe('the signature', () => {
  const KEY = '0123456789abcdef0123456789abcdef'
  const body = form(receipt('Read'))
  const good = createHmac('sha256', KEY).update(body).digest('hex')

  test('is taken over the very bytes', () => {
    expect(verifyWuzapiSignature(body, good, KEY)).toBe(true)
    expect(verifyWuzapiSignature(Buffer.concat([body, Buffer.from('\n')]), good, KEY)).toBe(false)
    const bytes = Buffer.from([0xff, 0xfe, 0x00])
    expect(verifyWuzapiSignature(bytes, createHmac('sha256', KEY).update(bytes).digest('hex'), KEY)).toBe(true)
  })

  test.each([
    [undefined],
    [''],
    ['x'],
    [good.slice(1)],
    [`${good}0`],
    ['é'.repeat(64)],
    ['0'.repeat(64)],
    [`sha256=${good}`],
    [good.toUpperCase()],
    [` ${good}`],
  ])('%j is refused without throwing', (header) => {
    expect(verifyWuzapiSignature(body, header, KEY)).toBe(false)
  })

  test('of another key, or of an empty one, is refused', () => {
    expect(verifyWuzapiSignature(body, good, `${KEY}x`)).toBe(false)
    expect(verifyWuzapiSignature(body, createHmac('sha256', '').update(body).digest('hex'), '')).toBe(false)
  })
})
