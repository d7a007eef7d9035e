import { Headers as UndiciHeaders } from 'undici'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { maskPhone, redact, redactText } from './redact.ts'

const CANARY = 'zQ7-canary_9Xv'
const shown = (value: unknown) => JSON.stringify(redact(value))

describe('a secret is taken out', () => {
  const names = [
    ...['token', 'Token', 'accessToken', 'access_token', 'gatewayToken', 'password', 'newPassword', 'passwd', 'secret'],
    ...['clientSecret', 'key', 'apiKey', 'api_key', 'x-api-key', 'hmacKey', 'webhookKey', 'secretKey', 'SECRET_KEY'],
    ...['NEW_SECRET_KEY', 'authorization', 'Proxy-Authorization', 'cookie', 'set-cookie', 'x-hub-signature'],
    ...['token_ciphertext', 'credentials', 'idempotency-key'],
  ]
  test.each(names)('by the name of its field: %s', (name) => {
    expect(shown({ [name]: CANARY })).toBe(`{"${name}":"[redacted]"}`)
    expect(shown({ [name]: [CANARY, { x: CANARY }] })).not.toContain(CANARY)
  })

  test('at any depth, in lists, maps and errors that hang on errors', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'list', 'map', 'cause', 'errors'), { maxLength: 12 }), (path) => {
        let value: unknown = { token: CANARY, text: `Bearer ${CANARY}` }
        for (const step of path) {
          if (step === 'list') value = [1, value]
          else if (step === 'map') value = new Map([['inner', value]])
          else if (step === 'cause') value = new Error('outer', { cause: value })
          else if (step === 'errors') value = new AggregateError([value], 'several')
          else value = { [step]: value }
        }
        expect(shown(value)).not.toContain(CANARY)
      }),
      { numRuns: 300 },
    )
  })

  test.each([
    `connect to postgres://revoada:${CANARY}@db.example/x failed`,
    `http://${CANARY}@gateway/`,
    `GET /session/status?token=${CANARY}&x=1`,
    `POST /x?hub.verify_token=${CANARY}`,
    `/api/hooks/2f1c/${CANARY} answered 500`,
    `authorization: Bearer ${CANARY}`,
    `Authorization: Basic ${CANARY}==`,
    `{"token":"${CANARY}","n":1}`,
    `{\\"password\\":\\"${CANARY}\\"}`,
    `token=${CANARY}`,
    `secret : ${CANARY}`,
    `SECRET_KEY=${CANARY}`,
    `cookie: revoada_session=${CANARY}; other=1`,
    `__Host-revoada_session=${CANARY}`,
    `used rvd_${CANARY}abcdef`,
    `Failing row contains (1, ${CANARY}, x).`,
    `Key (email)=(${CANARY}) already exists.`,
  ])('within a text: %s', (text) => {
    expect(redactText(text)).not.toContain(CANARY)
    expect(shown(new Error(text))).not.toContain(CANARY)
    expect(shown({ nested: [text] })).not.toContain(CANARY)
  })

  test('from headers, addresses and flat lists of headers', () => {
    for (const value of [
      new Headers({ token: CANARY }),
      new UndiciHeaders({ authorization: CANARY }),
      new URLSearchParams({ token: CANARY }),
      new URL(`http://a:${CANARY}@b/?token=${CANARY}`),
      ['content-type', 'x', 'authorization', CANARY],
      { list: [['gateway_tokens', CANARY, 'x-api-key', CANARY]] },
      { '0015_tokens': CANARY },
      Buffer.from(CANARY),
    ]) {
      expect(shown(value)).not.toContain(CANARY)
    }
  })
})

describe('what is no secret stays', () => {
  test.each([
    [
      { keyId: 'ab12', hasToken: true, keys: 3, tokenCount: undefined, token: null },
      '{"keyId":"ab12","hasToken":true,"keys":3,"token":null}',
    ],
    [
      { campaignId: '6f1c2a3b-0000-4000-8000-1234567890ab', count: 3 },
      '{"campaignId":"6f1c2a3b-0000-4000-8000-1234567890ab","count":3}',
    ],
    [
      { applied: ['0014_suppressions', '0015_channel_tokens', '0015_tokens', '0016_due_webhooks'] },
      '{"applied":["0014_suppressions","0015_channel_tokens","0015_tokens","0016_due_webhooks"]}',
    ],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [
      'duplicate key value violates unique constraint "channels_token_key"',
      '"duplicate key value violates unique constraint \\"channels_token_key\\""',
    ],
    ['http://127.0.0.1:3000/api/health?full=true', '"http://127.0.0.1:3000/api/health?full=true"'],
    [
      'SECRET_KEY is not the one this database was used with',
      '"SECRET_KEY is not the one this database was used with"',
    ],
  ])('%j', (value, text) => {
    expect(shown(value)).toBe(text)
  })

  test('an error keeps its type, its words, its place and its code', () => {
    const error = Object.assign(new TypeError('no such thing'), { code: '42P01' })
    expect(redact(error)).toMatchObject({
      type: 'TypeError',
      message: 'no such thing',
      code: '42P01',
      stack: error.stack,
    })
  })
})

describe('nothing is too odd to be told', () => {
  it('itself within itself, getters that throw, endless depth and width', () => {
    const odd: Record<string, unknown> = {
      bytes: Buffer.alloc(9),
      big: 9n,
      call: () => 1,
      set: new Set([1]),
      nan: new Date('x'),
    }
    odd['self'] = odd
    Object.defineProperty(odd, 'bad', {
      enumerable: true,
      get: () => {
        throw new Error(CANARY)
      },
    })
    let deep: unknown = 'end'
    for (let i = 0; i < 10_000; i++) deep = { deep }
    expect(shown([odd, deep, Array.from({ length: 1e5 }, () => 'x'), 'y'.repeat(1e6)]).length).toBeLessThan(20_000)
    expect(redact(odd)).toMatchObject({
      bytes: '[9 bytes]',
      big: '9',
      self: '[circular]',
      bad: '[unreadable]',
      nan: null,
    })
  })

  it('no text of 100,000 characters takes long', () => {
    const attacks = ['token', ':', ' ', '=', 'a@', '+1 ', '://', 'Key (', '"token":"'].map((part) =>
      part.repeat(20_000),
    )
    const startedAt = performance.now()
    for (const attack of attacks) redactText(attack)
    expect(performance.now() - startedAt).toBeLessThan(1000)
  })
})

it.each([
  ['+5511987654321', '+•••••••••4321'],
  ['11 98765-4321', '•• •••••-4321'],
  ['4321', '4321'],
  ['', ''],
])('of the phone %j only the last four digits are shown: %j', (phone, shown) => {
  expect(maskPhone(phone)).toBe(shown)
})
