import { expect, describe, test } from 'vitest'
import { FAILURE_CATEGORIES, type FailureCategory } from '#contract/errors.ts'
import { classifyCloudAnswer, classifyCloudError } from './cloudApiFailures.ts'

type Expected = { category: FailureCategory; scope?: 'recipient' | 'channel'; permanent?: boolean }

const unauthorized: Expected = { category: 'UNAUTHORIZED', scope: 'channel' }
const limited: Expected = { category: 'RATE_LIMIT', scope: 'channel' }
const blocked: Expected = { category: 'RATE_LIMIT', scope: 'channel', permanent: true }
const limitedAlone: Expected = { category: 'RATE_LIMIT' }
const down: Expected = { category: 'DISCONNECTED', scope: 'channel' }
const busy: Expected = { category: 'SERVER_BUSY', scope: 'channel' }
const busyAlone: Expected = { category: 'SERVER_BUSY' }
const invalid: Expected = { category: 'INVALID_NUMBER', permanent: true }
const refused: Expected = { category: 'BLOCKED_NUMBER', permanent: true }
const wrong: Expected = { category: 'API_ERROR', permanent: true }
const once: Expected = { category: 'API_ERROR' }

/** The table of contracts/cloud-api.md, section 4, row by row; HTTP 0 where Meta reports by webhook only. */
const TABLE: [code: number, status: number, expected: Expected][] = [
  [0, 401, unauthorized],
  [1, 400, once],
  [2, 503, busy],
  [3, 500, unauthorized],
  [4, 400, limited],
  [10, 403, unauthorized],
  [33, 400, down],
  [100, 400, wrong],
  [104, 401, unauthorized],
  [190, 401, unauthorized],
  [200, 403, unauthorized],
  [210, 403, unauthorized],
  [299, 403, unauthorized],
  [368, 403, blocked],
  [80007, 400, limited],
  [80008, 400, limitedAlone],
  [130429, 400, limited],
  [130472, 400, refused],
  [130497, 403, wrong],
  [131000, 500, busyAlone],
  [131005, 403, unauthorized],
  [131008, 400, wrong],
  [131009, 400, wrong],
  [131016, 500, busy],
  [131021, 400, invalid],
  [131026, 400, invalid],
  [131030, 400, wrong],
  [131031, 403, down],
  [131036, 0, wrong],
  [131037, 400, down],
  [131042, 400, down],
  [131045, 500, down],
  [131047, 400, wrong],
  [131048, 400, blocked],
  [131049, 400, refused],
  [131050, 400, refused],
  [131051, 400, wrong],
  [131052, 400, wrong],
  [131053, 400, wrong],
  [131055, 400, wrong],
  [131056, 400, limitedAlone],
  [131057, 500, busy],
  [131059, 400, wrong],
  [131060, 0, wrong],
  [131062, 400, wrong],
  [131063, 400, wrong],
  [131064, 400, blocked],
  [132000, 400, wrong],
  [132001, 404, wrong],
  [132005, 400, wrong],
  [132007, 400, wrong],
  [132008, 400, wrong],
  [132012, 400, wrong],
  [132015, 400, wrong],
  [132016, 400, wrong],
  [132018, 400, wrong],
  [132068, 400, wrong],
  [132069, 400, wrong],
  [133000, 500, down],
  [133004, 503, busy],
  [133005, 400, wrong],
  [133006, 400, down],
  [133008, 400, wrong],
  [133009, 400, wrong],
  [133010, 400, down],
  [133015, 400, down],
  [133016, 400, limitedAlone],
  [134011, 400, wrong],
  [134100, 400, wrong],
  [134101, 400, busyAlone],
  [134102, 500, wrong],
  [135000, 400, once],
  [137000, 400, wrong],
  [139100, 400, wrong],
  [139101, 400, wrong],
  [139102, 400, wrong],
  [139103, 400, wrong],
]

function graphError(code: number, more: Record<string, unknown> = {}): string {
  return JSON.stringify({
    error: { message: `(#${code}) A title that may change`, type: 'OAuthException', code, fbtrace_id: 'AxYz', ...more },
  })
}

describe('every documented code', () => {
  test.each(TABLE)('%i under HTTP %i', (code, status, expected) => {
    const all = { fate: 'notSent', permanent: false, scope: 'recipient', code: `META_${code}`, ...expected }
    if (status !== 0) expect(classifyCloudAnswer(status, graphError(code))).toMatchObject(all)
    // 1 and the older tables' 429: the code decides, not the status.
    if (status !== 0) expect(classifyCloudAnswer(429, graphError(code))).toMatchObject(all)
    expect(classifyCloudError({ code, title: 'Something', error_data: { details: 'x' } })).toMatchObject({
      ...all,
      notBefore: null,
    })
  })

  test('is listed once', () => {
    expect(new Set(TABLE.map(([code]) => code)).size).toBe(TABLE.length)
  })

  test.each([130429, 131026, 190, 368, 999_999])('%i is the same failure whatever the title says', (code) => {
    const titles = ['Invalid OAuth access token', 'Rate limit hit', 'not on WhatsApp', ''].map((message) =>
      classifyCloudAnswer(400, graphError(code, { message })),
    )
    for (const { category, scope, permanent } of titles) expect({ category, scope, permanent }).toEqual(pick(titles[0]))
  })
})

describe('what is not in the table', () => {
  test.each<[status: number, code: number, more: Record<string, unknown>, Record<string, unknown>]>([
    [400, 100, { error_subcode: 33 }, { category: 'DISCONNECTED', scope: 'channel', code: 'META_100_33' }],
    [400, 100, { error_subcode: 2_494_010 }, { category: 'API_ERROR', permanent: true, code: 'META_100' }],
    [500, 1, {}, { category: 'SERVER_BUSY', permanent: false, code: 'META_1' }],
    [400, 1, { is_transient: true }, { category: 'SERVER_BUSY', code: 'META_1' }],
    [400, 999_999, {}, { category: 'API_ERROR', permanent: true, code: 'META_999999' }],
    [400, 132_999, {}, { category: 'API_ERROR', permanent: true }],
    [401, 999_999, {}, { category: 'UNAUTHORIZED', scope: 'channel' }],
    [403, 999_999, {}, { category: 'UNAUTHORIZED', scope: 'channel' }],
    [429, 999_999, {}, { category: 'RATE_LIMIT', scope: 'channel' }],
    [500, 999_999, {}, { category: 'SERVER_BUSY', fate: 'notSent' }],
    [400, 999_999, { is_transient: true }, { category: 'SERVER_BUSY', permanent: false }],
  ])('HTTP %i with code %i and %j', (status, code, more, expected) => {
    expect(classifyCloudAnswer(status, graphError(code, more))).toMatchObject(expected)
  })

  test.each<[status: number, body: string, Record<string, unknown>]>([
    [200, '', { category: 'API_ERROR', code: 'PROTOCOL', fate: 'maybe' }],
    [200, '<html>', { category: 'API_ERROR', code: 'PROTOCOL', fate: 'maybe' }],
    [200, graphError(131_026), { code: 'PROTOCOL', fate: 'maybe' }],
    [302, '', { category: 'API_ERROR', code: 'REDIRECT', fate: 'notSent' }],
    [400, '<html>190</html>', { category: 'API_ERROR', code: 'HTTP_400', fate: 'notSent' }],
    [401, '', { category: 'UNAUTHORIZED', scope: 'channel', fate: 'notSent' }],
    [403, '{"error":"denied"}', { category: 'UNAUTHORIZED', scope: 'channel' }],
    [404, '{}', { category: 'API_ERROR', code: 'HTTP_404', permanent: false }],
    [408, '', { category: 'TIMEOUT', fate: 'maybe' }],
    [413, '', { category: 'API_ERROR', permanent: true }],
    [429, '', { category: 'RATE_LIMIT', scope: 'channel', fate: 'notSent' }],
    [500, '<html>', { category: 'SERVER_BUSY', fate: 'maybe', code: 'HTTP_500' }],
    [502, '', { category: 'SERVER_BUSY', fate: 'maybe' }],
    [503, '{"error":{"message":"no code"}}', { category: 'SERVER_BUSY', fate: 'maybe' }],
    [500, '{"error":{"code":"two"}}', { category: 'SERVER_BUSY', fate: 'maybe' }],
  ])('HTTP %i %j without an error of Graph', (status, body, expected) => {
    expect(classifyCloudAnswer(status, body)).toMatchObject(expected)
  })

  test('a webhook error without a code is unexplained', () => {
    for (const value of [null, undefined, {}, [], 'x', { code: null }, { code: -1 }, { code: 1.5 }]) {
      expect(classifyCloudError(value)).toMatchObject({ category: 'API_ERROR', code: 'UNEXPLAINED' })
    }
  })

  test('whatever stands in the body, the answer is a failure of the contract', () => {
    const values = [
      null,
      0,
      -1,
      Infinity,
      '190',
      [],
      {},
      { code: 190 },
      { error: [] },
      { error: { code: {} } },
      { error: { code: 5, error_data: 7, message: 8 } },
    ]
    for (const status of [200, 302, 400, 401, 404, 500]) {
      for (const value of values) {
        const failure = classifyCloudAnswer(status, JSON.stringify(value) ?? '', {
          'x-app-usage': JSON.stringify(value),
        })
        expect(FAILURE_CATEGORIES).toContain(failure.category)
      }
    }
  })
})

describe('the earliest next attempt', () => {
  const waitMs = (code: number, status: number, headers: Record<string, string>) => {
    const { notBefore } = classifyCloudAnswer(status, graphError(code), headers)
    return notBefore === null ? null : Math.round((notBefore.getTime() - Date.now()) / 1000) * 1000
  }
  const usage = (minutes: unknown) => ({
    'x-business-use-case-usage': JSON.stringify({
      '102000000000001': [
        { type: 'whatsapp', call_count: 3, estimated_time_to_regain_access: 0 },
        { type: 'whatsapp', estimated_time_to_regain_access: minutes },
      ],
    }),
  })

  test('is Retry-After where it is given, kept between 1 s and 15 min', () => {
    expect(waitMs(130_429, 400, { 'retry-after': '7' })).toBe(7000)
    expect(waitMs(130_429, 400, { 'retry-after': '0' })).toBe(1000)
    expect(waitMs(130_429, 429, { 'retry-after': '1e9' })).toBe(900_000)
    expect(waitMs(131_056, 400, { 'retry-after': '9', ...usage(3) })).toBe(9000)
  })

  test('or the time that the usage headers name, in minutes', () => {
    expect(waitMs(80_007, 400, usage(3))).toBe(180_000)
    expect(waitMs(4, 400, { 'x-app-usage': '{"call_count":100,"estimated_time_to_regain_access":2}' })).toBe(120_000)
    expect(waitMs(80_007, 400, usage(600))).toBe(900_000)
  })

  test.each([0, -1, 'soon', null, {}])('not when they say %j', (minutes) => {
    expect(waitMs(80_007, 400, usage(minutes))).toBeNull()
  })

  test('leaves the echo of a message that went out all the same a minute, after a fault of Meta', () => {
    for (const code of [2, 131_000, 131_016, 133_004, 999_999]) expect(waitMs(code, 500, {})).toBe(60_000)
    expect(waitMs(1, 500, {})).toBe(60_000)
    expect(waitMs(131_057, 500, {})).toBe(60_000)
    expect(waitMs(134_101, 400, {})).toBe(600_000)
  })

  test('is none where repeating is no option', () => {
    for (const code of [131_048, 190, 131_026, 131_042, 100])
      expect(waitMs(code, 400, { 'retry-after': '7', ...usage(3) })).toBeNull()
  })
})

describe('the message', () => {
  const messageOf = (more: Record<string, unknown>) => classifyCloudAnswer(400, graphError(100, more)).message

  test('names code, text, details and trace', () => {
    expect(messageOf({ error_data: { details: 'Parameter body is required.' } })).toBe(
      "Meta's error 100: A title that may change - Parameter body is required. (trace AxYz)",
    )
    expect(messageOf({ error_data: 'a bare text', fbtrace_id: undefined })).toBe(
      "Meta's error 100: A title that may change - a bare text",
    )
  })

  test('names no person, is short and free of control characters', () => {
    const message = messageOf({
      message: `to +55 (11) 98888-7777 or 5511988887777\u0000\n${'😀'.repeat(500)}`,
      fbtrace_id: 'a'.repeat(64),
    })
    expect(message).not.toMatch(/\d{4}|\p{Cc}/u)
    expect(message.length).toBeLessThanOrEqual(300)
    expect(message.isWellFormed()).toBe(true)
    expect(messageOf({ fbtrace_id: 'not a trace +5511988887777' })).not.toContain('trace')
  })
})

function pick(failure: { category: string; scope: string; permanent: boolean } | undefined) {
  return { category: failure?.category, scope: failure?.scope, permanent: failure?.permanent }
}
