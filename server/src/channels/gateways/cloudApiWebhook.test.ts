import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { AppError } from '#server/lib/AppError.ts'
import type { GatewayEvent } from './Gateway.ts'
import { answerCloudHandshake, parseCloudWebhook, splitCloudWebhook, verifyCloudSignature } from './cloudApiWebhook.ts'

const SECRET = 'app-secret-0123456789abcdef'
const WAMID = 'wamid.HBgNNTUxMTk1NTU1MDEwMRUCABEYEkE1'
const OURS = '3EB0A1B2C3D4E5F60718AB'
const sign = (body: Buffer | string, secret = SECRET) =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`

function call(...values: [field: string, value: unknown][]): Buffer {
  const entry = values.map(([name, value]) => ({
    id: '102000000000001',
    time: 1_790_000_000,
    changes: [{ field: name, value }],
  }))
  return Buffer.from(JSON.stringify({ object: 'whatsapp_business_account', entry }))
}

const metadata = { display_phone_number: '551130000000', phone_number_id: '106000000000001' }
const status = (state: string, more: Record<string, unknown> = {}) => ({
  id: WAMID,
  status: state,
  timestamp: '1790000123',
  recipient_id: '5511955550101',
  biz_opaque_callback_data: OURS,
  ...more,
})
const statuses = (...list: unknown[]) => call(['messages', { messaging_product: 'whatsapp', metadata, statuses: list }])
const account = (value: Record<string, unknown>) => parseCloudWebhook(call(['account_update', value]))

describe('the signature', () => {
  test.each([
    ['plain', '{"object":"whatsapp_business_account"}'],
    ['an emoji', '{"name":"Ana 🐦"}'],
    ['escaped letters', '{"name":"Jo\\u00e3o","url":"https:\\/\\/x"}'],
    ['odd spacing', '{ "a" :\n\t1 }  \n'],
    ['no text at all', ''],
  ])('over the raw bytes of %s fits', (_name, body) => {
    expect(verifyCloudSignature(Buffer.from(body), sign(body), SECRET)).toBe(true)
  })

  const body = Buffer.from('{"name":"João"}')
  const good = sign(body)
  test.each<[string, string | undefined]>([
    ['none', undefined],
    ['empty', ''],
    ['of another secret', sign(body, 'another-secret')],
    ['of other bytes', sign(JSON.stringify({ name: 'Joao' }))],
    ['of the same text in escapes', sign('{"name":"Jo\\u00e3o"}')],
    ['without its name', good.slice(7)],
    ['sha1', good.replace('sha256=', 'sha1=')],
    ['one digit short', good.slice(0, -1)],
    ['one digit long', `${good}0`],
    ['upper case', `sha256=${good.slice(7).toUpperCase()}`],
    ['upper case name', `SHA256=${good.slice(7)}`],
    ['multibyte', `sha256=${'é'.repeat(64)}`],
    ['as many bytes, but not letters', `sha256=${'é'.repeat(32)}`],
    ['with a space', ` ${good}`],
    ['two', `${good}, ${good}`],
  ])('%s does not', (_name, header) => {
    expect(verifyCloudSignature(body, header, SECRET)).toBe(false)
  })

  test('one changed byte is noticed, and without a secret nothing fits', () => {
    const changed = Buffer.from(body)
    changed.writeUInt8(0x20, 3)
    expect(verifyCloudSignature(changed, good, SECRET)).toBe(false)
    expect(verifyCloudSignature(body, sign(body, ''), '')).toBe(false)
  })
})

describe('the handshake', () => {
  const ask = (query: Record<string, string>, token = 'verify-me') =>
    answerCloudHandshake(new URLSearchParams(query), token)
  const asked = { 'hub.mode': 'subscribe', 'hub.challenge': '1158201444', 'hub.verify_token': 'verify-me' }

  test('repeats the challenge to who knows the token', () => {
    expect(ask(asked)).toBe('1158201444')
  })

  test.each<[string, Record<string, string>]>([
    ['a wrong token', { ...asked, 'hub.verify_token': 'verify-mE' }],
    ['no token', { 'hub.mode': 'subscribe', 'hub.challenge': '1' }],
    ['another mode', { ...asked, 'hub.mode': 'unsubscribe' }],
    ['no challenge', { ...asked, 'hub.challenge': '' }],
    ['a page as challenge', { ...asked, 'hub.challenge': '<script>' }],
  ])('%s is refused', (_name, query) => {
    expect(ask(query)).toBeNull()
  })

  test('an empty token of ours matches nothing', () => {
    expect(ask({ ...asked, 'hub.verify_token': '' }, '')).toBeNull()
  })
})

describe('statuses', () => {
  test.each([
    ['sent', 'sent'],
    ['delivered', 'delivered'],
    ['read', 'read'],
    ['played', 'read'],
  ])('%s is a receipt: %s', (said, state) => {
    expect(parseCloudWebhook(statuses(status(said)))).toEqual([
      { type: 'receipt', state, messageIds: [OURS], gatewayId: WAMID, at: new Date(1_790_000_123_000) },
    ])
  })

  test('failed brings the failure, by code', () => {
    const errors = [
      {
        code: 131_026,
        title: 'Message undeliverable',
        message: 'Message undeliverable',
        error_data: { details: 'not there' },
      },
    ]
    expect(parseCloudWebhook(statuses(status('failed', { errors })))).toMatchObject([
      {
        type: 'receipt',
        state: 'failed',
        messageIds: [OURS],
        gatewayId: WAMID,
        failure: { category: 'INVALID_NUMBER', code: 'META_131026', permanent: true },
      },
    ])
    expect(parseCloudWebhook(statuses(status('failed')))).toMatchObject([
      { state: 'failed', failure: { category: 'API_ERROR', code: 'UNEXPLAINED' } },
    ])
  })

  test("without our id the gateway's own stands in for it", () => {
    for (const mine of [undefined, null, '', 'with space', 'x'.repeat(513), 'nul\u0000', 7]) {
      expect(parseCloudWebhook(statuses(status('sent', { biz_opaque_callback_data: mine })))).toMatchObject([
        { messageIds: [WAMID], gatewayId: WAMID },
      ])
    }
    expect(parseCloudWebhook(statuses(status('sent', { id: undefined })))).toMatchObject([{ messageIds: [OURS] }])
    expect(parseCloudWebhook(statuses(status('sent', { id: 7, biz_opaque_callback_data: undefined })))).toEqual([
      { type: 'other', name: 'status:sent' },
    ])
  })

  test('a status that we do not know is other', () => {
    expect(parseCloudWebhook(statuses(status('warning'), status('<b>')))).toEqual([
      { type: 'other', name: 'status:warning' },
      { type: 'other', name: 'unknown' },
    ])
  })

  test('a time that cannot be is now', () => {
    for (const timestamp of [undefined, '', '0', '-1', '1e9', 17, Number.NaN, '99999999999999', {}]) {
      const [event] = parseCloudWebhook(statuses(status('sent', { timestamp })))
      expect(Math.abs(Date.now() - (event as { at: Date }).at.getTime())).toBeLessThan(5000)
    }
  })

  test('a thousand in several entries all come, in their order', () => {
    const values = Array.from({ length: 10 }, (_, entry): [string, unknown] => [
      'messages',
      {
        metadata,
        statuses: Array.from({ length: 100 }, (__, n) =>
          status('sent', { biz_opaque_callback_data: `id-${entry * 100 + n}` }),
        ),
      },
    ])
    const events = parseCloudWebhook(call(...values))
    expect(events.map((event) => (event.type === 'receipt' ? event.messageIds[0] : ''))).toEqual(
      Array.from({ length: 1000 }, (_, n) => `id-${n}`),
    )
  })

  test('of several numbers are told apart', () => {
    const of = (id: string) => ({ metadata: { phone_number_id: id }, statuses: [status('sent')] })
    const parts = splitCloudWebhook(
      call(['messages', of('1060001')], ['messages', of('1060002')], ['account_update', { event: 'X' }]),
    )
    expect(parts.map(({ phoneNumberId, events }) => [phoneNumberId, events.length])).toEqual([
      ['1060001', 1],
      ['1060002', 1],
      [null, 1],
    ])
  })
})

describe('accounts', () => {
  const connection = (state: string, until: Date | null = null) => [{ type: 'connection', state, until }]
  test.each<[Record<string, unknown>, unknown]>([
    [{ event: 'ACCOUNT_VIOLATION', violation_info: { violation_type: 'SPAM' } }, connection('banned')],
    [{ event: 'DISABLED_UPDATE', ban_info: { waba_ban_state: 'DISABLE' } }, connection('banned')],
    [{ event: 'DISABLED_UPDATE', ban_info: { waba_ban_state: 'SCHEDULE_FOR_DISABLE' } }, connection('banned')],
    [{ event: 'DISABLED_UPDATE', ban_info: { waba_ban_state: 'REINSTATE' } }, connection('connected')],
    [{ event: 'DISABLED_UPDATE' }, connection('banned')],
    [{ event: 'ACCOUNT_DELETED' }, connection('logged_out')],
    [{ event: 'PARTNER_REMOVED' }, connection('logged_out')],
    [{ event: 'ACCOUNT_OFFBOARDED' }, connection('disconnected')],
    [{ event: 'ACCOUNT_RECONNECTED' }, connection('connected')],
    [{ event: 'MM_LITE_TERMS_SIGNED' }, [{ type: 'other', name: 'account_update:MM_LITE_TERMS_SIGNED' }]],
    [{}, [{ type: 'other', name: 'account_update:unknown' }]],
    [
      {
        event: 'ACCOUNT_RESTRICTION',
        restriction_info: [
          { restriction_type: 'RESTRICTED_BIZ_INITIATED_MESSAGING', expiration: 1_790_003_600 },
          { restriction_type: 'RESTRICTED_UTILITY_TEMPLATES', expiration: '1790000000' },
        ],
      },
      connection('banned', new Date(1_790_003_600_000)),
    ],
    [
      { event: 'ACCOUNT_RESTRICTION', restriction_info: [{ restriction_type: 'RESTRICTED_BIZ_INITIATED_MESSAGING' }] },
      connection('banned'),
    ],
    [
      {
        event: 'ACCOUNT_RESTRICTION',
        restriction_info: [{ restriction_type: 'RESTRICTED_ADD_PHONE_NUMBER_ACTION', expiration: 1 }],
      },
      [{ type: 'other', name: 'account_update:ACCOUNT_RESTRICTION' }],
    ],
  ])('%j', (value, expected) => {
    expect(account(value)).toEqual(expected)
  })
})

describe('everything else', () => {
  test.each<[string, unknown, string]>([
    [
      'messages',
      { metadata, messages: [{ from: '5511955550101', id: 'wamid.IN1', type: 'text', text: { body: 'STOP' } }] },
      'message:text',
    ],
    ['messages', { metadata, messages: [{ id: 'wamid.IN1' }] }, 'message:unknown'],
    ['messages', { metadata, errors: [{ code: 130_429, title: 'Rate limit hit' }] }, 'error:130429'],
    [
      'message_template_status_update',
      { event: 'PAUSED', message_template_id: 1_387_000_000_000_001 },
      'message_template_status_update:PAUSED',
    ],
    ['phone_number_quality_update', { event: 'THROUGHPUT_UPGRADE' }, 'phone_number_quality_update:THROUGHPUT_UPGRADE'],
    ['user_preferences', { user_preferences: [{ value: 'stop' }] }, 'user_preferences'],
    ['<script>', {}, 'unknown'],
  ])('%s %j is other', (name, value, expected) => {
    expect(parseCloudWebhook(call([name, value]))).toEqual<GatewayEvent[]>([{ type: 'other', name: expected }])
  })

  test.each(['', '{', '[]', '7', 'null', '<html>'])('%j is refused', (text) => {
    expect(() => parseCloudWebhook(Buffer.from(text))).toThrow(AppError)
  })

  test('of another kind of account is other, and odd shapes never throw', () => {
    const odd = [null, 7, 'x', [], {}, [null], [7], [[]], [{}], Array.from({ length: 10_000 }, () => ({ changes: 1 }))]
    expect(parseCloudWebhook(Buffer.from('{"object":"page","entry":[]}'))).toEqual([{ type: 'other', name: 'unknown' }])
    for (const shape of odd) {
      const object = 'whatsapp_business_account'
      for (const body of [
        { object, entry: shape },
        { object, entry: [{ changes: shape }] },
        { object, entry: [{ changes: [{ field: 'messages', value: shape }] }] },
      ]) {
        expect(() => parseCloudWebhook(Buffer.from(JSON.stringify(body)))).not.toThrow()
      }
      for (const key of ['statuses', 'messages', 'errors', 'metadata']) {
        expect(() => parseCloudWebhook(call(['messages', { [key]: shape }]))).not.toThrow()
      }
      expect(() => parseCloudWebhook(statuses(status('failed', { errors: shape })))).not.toThrow()
    }
    const deep = `${'['.repeat(1000)}${']'.repeat(1000)}`
    expect(() => parseCloudWebhook(Buffer.from(`{"object":"whatsapp_business_account","entry":${deep}}`))).not.toThrow()
  })
})
