import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FAILURE_CATEGORIES, type FailureCategory } from '#contract/errors.ts'
import { classifyTransportError } from './gatewayFailures.ts'
import { RequestEnded } from './gatewayHttp.ts'
import { classifyWuzapiAnswer, type WuzapiCall } from './wuzapiFailures.ts'

type Expected = {
  category: FailureCategory
  code: string
  fate: 'notSent' | 'maybe'
  scope?: 'recipient' | 'channel'
  permanent?: boolean
}
type Row = [status: number, error: string | null, expected: Expected, call?: WuzapiCall]

const invalid = (code: string): Expected => ({ category: 'INVALID_NUMBER', code, fate: 'notSent', permanent: true })
const disconnected = (code: string): Expected => ({ category: 'DISCONNECTED', code, fate: 'notSent', scope: 'channel' })
const dropped = (code: string): Expected => ({ ...disconnected(code), fate: 'maybe' })
const limited = (code: string): Expected => ({ category: 'RATE_LIMIT', code, fate: 'notSent', scope: 'channel' })
const busy = (code: string): Expected => ({ category: 'SERVER_BUSY', code, fate: 'notSent' })
const late = (code: string, fate: 'notSent' | 'maybe'): Expected => ({ category: 'TIMEOUT', code, fate })
const failed = (code: string, fate: 'notSent' | 'maybe' = 'notSent'): Expected => ({
  category: 'API_ERROR',
  code,
  fate,
})
const wrong = (code = 'HTTP_400'): Expected => ({ ...failed(code), permanent: true })
const unauthorized: Expected = { category: 'UNAUTHORIZED', code: 'UNAUTHORIZED', fate: 'notSent', scope: 'channel' }

const SHARED: Row[] = [
  [401, 'unauthorized', unauthorized],
  [401, 'Unauthorized', unauthorized],
  [401, null, unauthorized],
  [500, 'unauthorized', unauthorized],
  [500, 'no session', disconnected('NO_SESSION')],
  [500, 'No session', disconnected('NO_SESSION')],
  [400, 'could not decode Payload', wrong()],
  [400, 'missing Phone in Payload', wrong()],
  [400, 'could not parse Phone', invalid('UNPARSABLE_PHONE')],
  [400, 'missing Participant in ContextInfo', wrong()],
  [400, 'missing StanzaID in ContextInfo', wrong()],
]

const MEDIA: Row[] = [
  [400, 'Image data should start with "data:image/png;base64,"', wrong()],
  [400, 'data should start with "data:mime/type;base64,"', wrong()],
  [400, 'audio data should start with "data:audio/"', wrong()],
  [400, 'audio must be base64 (data:audio/) or valid HTTP URL', wrong()],
  [400, 'document data should start with "data:application/octet-stream;base64,"', wrong()],
  [400, 'document data should start with "data:" or be a valid HTTP URL', wrong()],
  [400, 'could not decode base64 encoded data from payload', wrong()],
  [400, 'could not decode base64 encoded data', wrong()],
  [400, 'failed to fetch image from url: unexpected status code 500', wrong()],
  [400, 'failed to fetch image from url: response exceeds allowed size (10485760 bytes)', wrong()],
  [
    400,
    "failed to fetch video from url: ssrf attempt detected: host 'x' resolves to one or more private IP addresses",
    wrong(),
  ],
  [400, 'failed to fetch image from url: Get "http://x": dial tcp 127.0.0.1:1: connect: connection refused', wrong()],
  [400, 'failed to fetch audio: Get "http://x": context deadline exceeded', wrong()],
  [400, 'failed to fetch document from url: websocket not connected', wrong()],
  [500, 'failed to upload file: something new', failed('UPLOAD_FAILED')],
  [500, 'Failed to upload file: something new', failed('UPLOAD_FAILED')],
  [500, 'could not re-encode image to base64', failed('MEDIA_FAILED')],
  [500, 'could not re-encode video to base64', failed('MEDIA_FAILED')],
  [500, 'could not decode image for thumbnail preparation: image: unknown format', wrong('IMAGE_UNREADABLE')],
  [500, 'Could not create temp file for thumbnail: no space left on device', failed('MEDIA_FAILED')],
  [500, 'Failed to encode jpeg: short write', failed('MEDIA_FAILED')],
  [500, 'Failed to read /tmp/thumb.jpg: no such file', failed('MEDIA_FAILED')],
  [500, 'failed to convert image sticker to webp: exit status 1', failed('MEDIA_FAILED')],
  [500, 'failed to convert video/gif sticker to webp: exit status 1', failed('MEDIA_FAILED')],
]

const TEXT = 'error sending message: '
const MEDIA_PREFIX = 'Error sending message: '
const CACHE = 'failed to get user info for 5511988887777@s.whatsapp.net to fill LID cache: failed to send usync query: '

const TAILS: Row[] = [
  [500, `${TEXT}client is nil`, disconnected('CLIENT_NIL')],
  [500, `${TEXT}the store doesn't contain a device JID`, disconnected('NOT_PAIRED')],
  [500, `${TEXT}${CACHE}websocket not connected`, disconnected('WEBSOCKET_NOT_CONNECTED')],
  [
    500,
    `${TEXT}failed to get device list: failed to send usync query: websocket not connected`,
    disconnected('WEBSOCKET_NOT_CONNECTED'),
  ],
  [500, `${TEXT}failed to send message node: websocket not connected`, disconnected('WEBSOCKET_NOT_CONNECTED')],
  [500, `${TEXT}websocket not connected`, dropped('DROPPED_ON_RESEND')],
  [500, `${MEDIA_PREFIX}websocket not connected`, dropped('DROPPED_ON_RESEND')],
  [500, `${TEXT}frame socket is closed`, dropped('DROPPED_ON_RESEND')],
  [500, `${MEDIA_PREFIX}frame socket is closed`, dropped('DROPPED_ON_RESEND')],
  [500, 'error sending edit message: websocket not connected', dropped('DROPPED_ON_RESEND')],
  [500, 'failed to send poll: frame socket is closed', dropped('DROPPED_ON_RESEND')],
  [500, `${TEXT}failed to send message node: frame socket is closed`, disconnected('SOCKET_CLOSED')],
  [500, `${TEXT}failed to send message node: write tcp: broken pipe`, dropped('WRITE_FAILED')],
  [500, `${TEXT}no LID found for 5511988887777@s.whatsapp.net from server`, invalid('NOT_ON_WHATSAPP')],
  [500, `${TEXT}failed to get LID for PN 5511988887777@s.whatsapp.net: sql: no rows`, failed('LID_LOOKUP_FAILED')],
  [500, `${TEXT}can't send message to unknown server example.org`, invalid('UNKNOWN_SERVER')],
  [500, `${TEXT}unknown user server 'lid'`, invalid('UNKNOWN_SERVER')],
  [500, `${TEXT}message recipient must be a user JID with no device part`, invalid('NOT_A_USER')],
  [500, `${TEXT}failed to get group members: you're not participating in that group`, invalid('NOT_IN_GROUP')],
  [500, `${TEXT}failed to get group members: that group does not exist`, invalid('UNKNOWN_GROUP')],
  [500, `${TEXT}${CACHE}info query timed out`, late('INFO_QUERY_TIMEOUT', 'notSent')],
  [500, `${TEXT}websocket disconnected before info query returned response`, disconnected('DROPPED_BEFORE_SEND')],
  [500, `${TEXT}timed out waiting for message send response`, late('ACK_TIMEOUT', 'maybe')],
  [500, `${TEXT}websocket disconnected before message send returned response`, dropped('DROPPED_BEFORE_ACK')],
  [500, `${TEXT}websocket disconnected before message send (retry) returned response`, dropped('DROPPED_BEFORE_ACK')],
  [500, `${TEXT}can't encrypt message for device: no signal session established`, failed('ENCRYPTION_FAILED')],
  [500, `${TEXT}info query returned status 429: rate-overlimit`, limited('INFO_QUERY_429')],
  [500, `${TEXT}info query returned status 419: resource-limit`, limited('INFO_QUERY_419')],
  [500, `${TEXT}rate-overlimit`, limited('RATE_OVERLIMIT')],
  [500, `${TEXT}info query returned status 500: internal-server-error`, busy('INFO_QUERY_500')],
  [500, `${TEXT}info query returned status 503: service-unavailable`, busy('INFO_QUERY_503')],
  [500, `${TEXT}info query returned status 401: not-authorized`, disconnected('INFO_QUERY_401')],
  [500, `${TEXT}info query returned status 403: forbidden`, failed('INFO_QUERY_403')],
  [500, `${TEXT}info query returned status 404: item-not-found`, failed('INFO_QUERY_404')],
  [500, `${TEXT}info query returned status 400: bad-request`, failed('INFO_QUERY_400')],
  [
    500,
    'failed to upload file: failed to refresh media connections: failed to query media connections: websocket not connected',
    disconnected('WEBSOCKET_NOT_CONNECTED'),
  ],
  [500, 'failed to upload file: failed to refresh media connections: something new', failed('UPLOAD_FAILED')],
  [500, 'failed to upload file: upload failed with status code 503', busy('UPLOAD_503')],
  [500, 'failed to upload file: upload failed with status code 429', limited('UPLOAD_429')],
  [500, 'failed to upload file: upload failed with status code 413', failed('UPLOAD_413')],
  [500, 'failed to upload file: failed to execute request: dial tcp: i/o timeout', late('UPLOAD_TIMEOUT', 'notSent')],
  [500, 'failed to upload file: Post "https://mmg": context deadline exceeded', late('UPLOAD_TIMEOUT', 'notSent')],
]

const SERVER_ERRORS: Row[] = [
  [500, `${TEXT}server returned error 463`, limited('SERVER_ERROR_463')],
  [500, `${TEXT}server returned error 479`, failed('SERVER_ERROR_479')],
  [
    500,
    `${TEXT}server returned error 403`,
    { category: 'BLOCKED_NUMBER', code: 'SERVER_ERROR_403', fate: 'notSent', permanent: true },
  ],
  [500, `${TEXT}server returned error 429`, limited('SERVER_ERROR_429')],
  [500, `${TEXT}server returned error 420`, limited('SERVER_ERROR_420')],
  [500, `${TEXT}server returned error 405`, wrong('SERVER_ERROR_405')],
  [500, `${TEXT}server returned error 400`, wrong('SERVER_ERROR_400')],
  [500, `${TEXT}server returned error 500`, busy('SERVER_ERROR_500')],
  [500, `${TEXT}server returned error 503`, busy('SERVER_ERROR_503')],
  [500, `${TEXT}server returned error 599`, busy('SERVER_ERROR_599')],
  [500, `${TEXT}server returned error 406`, failed('SERVER_ERROR_406')],
]

const OTHERS: Row[] = [
  [502, '<html>Bad Gateway</html>', late('HTTP_502', 'maybe')],
  [504, 'upstream timed out', late('HTTP_504', 'maybe')],
  [408, null, late('HTTP_408', 'maybe')],
  [503, 'no healthy upstream', { category: 'SERVER_BUSY', code: 'HTTP_503', fate: 'maybe', scope: 'channel' }],
  [429, 'slow down', limited('HTTP_429')],
  [500, 'not connected', disconnected('NOT_CONNECTED'), 'session'],
  [500, 'failed to Connect', disconnected('CONNECT_FAILED'), 'session'],
  [500, 'failed to connect', disconnected('CONNECT_FAILED'), 'session'],
  [500, 'cannot disconnect because it is not logged in', disconnected('NOT_LOGGED_IN'), 'session'],
  [500, 'could not disconnect as it was not connected', disconnected('NOT_CONNECTED'), 'session'],
  [500, 'could not logout as it was not logged in', disconnected('NOT_LOGGED_IN'), 'session'],
  [500, 'could not perform logout', disconnected('LOGOUT_FAILED'), 'session'],
  [500, 'not logged in', disconnected('NOT_LOGGED_IN')],
  [400, 'websocket not connected', disconnected('WEBSOCKET_NOT_CONNECTED'), 'session'],
  [400, 'no session', disconnected('NO_SESSION'), 'session'],
  [400, 'info query returned status 429: rate-overlimit', limited('INFO_QUERY_429'), 'session'],
  [400, 'phone number too short', wrong(), 'session'],
  [400, 'cannot set proxy while connected. Please disconnect first', wrong(), 'session'],
  [400, 'history cannot be negative', wrong(), 'session'],
  [400, 'no session', wrong()],
  [400, 'info query returned status 429: rate-overlimit', wrong()],
  [500, 'database is locked', busy('GATEWAY_DATABASE')],
  [500, 'database error', busy('GATEWAY_DATABASE')],
  [500, 'problem accessing DB', busy('GATEWAY_DATABASE')],
  [400, 'could not parse ChatPhone', invalid('UNPARSABLE_PHONE')],
  [400, 'invalid jid format', invalid('UNPARSABLE_PHONE')],
  [500, 'already connected', wrong('ALREADY_CONNECTED'), 'session'],
  [409, 'already connected', wrong('ALREADY_CONNECTED'), 'session'],
  [500, 'already logged in', wrong('ALREADY_LOGGED_IN'), 'session'],
  [400, 'already paired', wrong('ALREADY_PAIRED'), 'session'],
  [400, 'buttons cant more than 3', wrong()],
  [400, 'at least 2 options are required', wrong()],
  [404, '404 page not found', failed('HTTP_404')],
  [409, 'user with this token already exists', failed('TOKEN_IN_USE'), 'session'],
  [501, 'message history is disabled for this user', failed('HTTP_501')],
  [500, null, failed('HTTP_500'), 'check'],
  [200, null, failed('PROTOCOL', 'maybe')],
  [200, 'no session', failed('PROTOCOL', 'maybe')],
  [204, null, failed('PROTOCOL', 'maybe')],
  [200, null, failed('PROTOCOL'), 'check'],
  [302, null, failed('REDIRECT')],
  [403, 'forbidden by policy', failed('HTTP_403')],
  [413, 'too large', wrong('HTTP_413')],
  [500, 'a sentence nobody wrote down', failed('HTTP_500', 'maybe')],
  [500, null, failed('HTTP_500', 'maybe')],
  [520, 'unknown', failed('HTTP_520', 'maybe')],
  [500, '<html>websocket not connected</html>', failed('HTTP_500', 'maybe')],
  [500, 'a sentence nobody wrote down', failed('HTTP_500'), 'status'],
  [500, 'no session is what it says, and more', failed('HTTP_500', 'maybe')],
  [
    500,
    'failed to check if users are on WhatsApp: failed to send usync query: websocket not connected',
    disconnected('WEBSOCKET_NOT_CONNECTED'),
    'check',
  ],
  [
    500,
    'failed to check if users are on WhatsApp: failed to send usync query: info query timed out',
    late('INFO_QUERY_TIMEOUT', 'notSent'),
    'check',
  ],
  [
    500,
    'failed to check if users are on WhatsApp: info query returned status 429: rate-overlimit',
    limited('INFO_QUERY_429'),
    'check',
  ],
  [500, 'could not set webhook: database is locked', busy('GATEWAY_DATABASE'), 'webhook'],
]

describe.each([
  ['errors of every send', SHARED],
  ['media strings', MEDIA],
  ['tails of send errors', TAILS],
  ['server errors', SERVER_ERRORS],
  ['the rest', OTHERS],
])('%s', (_name, rows) => {
  test.each(rows.map(([status, error, expected, call = 'send']) => ({ status, error, call, expected })))(
    '$call $status $error is $expected.category $expected.code $expected.fate',
    ({ status, error, call, expected }) => {
      const failure = classifyWuzapiAnswer({ status, error, call })
      expect(failure).toMatchObject({ scope: 'recipient', permanent: false, ...expected })
    },
  )

  test('the case of the letters does not matter', () => {
    for (const [status, error, expected, call = 'send'] of rows) {
      const failure = classifyWuzapiAnswer({ status, error: error?.toUpperCase() ?? null, call })
      expect(failure).toMatchObject({ category: expected.category, code: expected.code, fate: expected.fate })
    }
  })
})

test('a documented answer has its category however its letters are written, and any other has one, always the same', () => {
  const documented = fc.constantFrom(...SHARED, ...MEDIA, ...TAILS, ...SERVER_ERRORS, ...OTHERS)
  const retryAfter = fc.constantFrom(null, '5', 'tomorrow')
  const calls = fc.constantFrom<WuzapiCall>('send', 'check', 'status', 'session', 'webhook')
  fc.assert(
    fc.property(
      documented,
      fc.infiniteStream(fc.boolean()),
      retryAfter,
      ([status, error, expected, call], upper, wait) => {
        const written = error?.replaceAll(/[a-z]/gi, (letter) =>
          upper.next().value === true ? letter.toUpperCase() : letter.toLowerCase(),
        )
        const answer = {
          status,
          error: written === undefined ? null : `  ${written}\n`,
          call: call ?? 'send',
          retryAfter: wait,
        }
        expect(classifyWuzapiAnswer(answer)).toMatchObject({ scope: 'recipient', permanent: false, ...expected })
      },
    ),
    { numRuns: 1000 },
  )
  fc.assert(
    fc.property(fc.integer({ min: 200, max: 599 }), fc.option(fc.string()), calls, (status, error, call) => {
      const { notBefore: _, ...said } = classifyWuzapiAnswer({ status, error, call })
      const { notBefore: __, ...again } = classifyWuzapiAnswer({ status, error, call })
      expect(FAILURE_CATEGORIES).toContain(said.category)
      expect(again).toEqual(said)
      if (call !== 'send') expect(said.fate).toBe('notSent')
    }),
    { numRuns: 1000 },
  )
})

describe('Retry-After', () => {
  const waitMs = (retryAfter: string | null, status = 429) => {
    const failure = classifyWuzapiAnswer({ status, error: null, retryAfter, call: 'send' })
    return failure.notBefore === null ? null : failure.notBefore.getTime() - Date.now()
  }

  test.each([
    ['5', 5000],
    ['0', 1000],
    ['1000000000', 900_000],
    ['1e9', 900_000],
    [new Date(Date.now() - 60_000).toUTCString(), 1000],
    [new Date(Date.now() + 86_400_000).toUTCString(), 900_000],
  ])('%s waits %i ms', (header, expected) => {
    expect(waitMs(header)).toBeGreaterThan(expected - 500)
    expect(waitMs(header)).toBeLessThanOrEqual(expected)
  })

  test('an HTTP date within the bounds is kept', () => {
    const wait = waitMs(new Date(Date.now() + 120_000).toUTCString())
    expect(wait).toBeGreaterThan(118_000)
    expect(wait).toBeLessThanOrEqual(120_000)
  })

  test.each([['-1'], ['abc'], [''], ['5, 6'], [null], ['Xyz, never'], ['9'.repeat(400)]])('%s is none', (header) => {
    expect(waitMs(header)).toBeNull()
  })

  test('counts on a proxy that is overloaded, and not on an error of WuzAPI itself', () => {
    expect(waitMs('5', 503)).not.toBeNull()
    expect(waitMs('5', 500)).toBeNull()
  })
})

describe('the message of a failure', () => {
  const messageOf = (error: string) => classifyWuzapiAnswer({ status: 500, error, call: 'send' }).message

  test.each([
    ['no LID found for 5511988887777@s.whatsapp.net from server'],
    ['no LID found for 5511988887777:12@s.whatsapp.net from server'],
    ['no LID found for 5511988887777 from server'],
    ['no LID found for +55 (11) 98888-7777 from server'],
    ['unknown 123456789012345.1:7@lid'],
  ])('names no person: %s', (error) => {
    expect(messageOf(error)).toContain('[number]')
    expect(messageOf(error)).not.toMatch(/\d{4}|@/)
  })

  test('is short, whole Unicode and free of control characters', () => {
    const message = messageOf(`a\u0000b\n${'😀'.repeat(500)}`)
    expect(message.length).toBeLessThanOrEqual(300)
    expect(message.isWellFormed()).toBe(true)
    expect(message).toContain('a b 😀')
  })

  test('is found quickly in a long hostile text', () => {
    const started = performance.now()
    for (const unit of ['1', 'a.', '@', 'failed to upload file: ', '+1 ']) messageOf(unit.repeat(32_768))
    expect(performance.now() - started).toBeLessThan(500)
  })
})

describe('transport errors', () => {
  const withCode = (code: string) => Object.assign(new Error('x'), { code })
  const unreached = [
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'ECONNRESET',
    'UND_ERR_CONNECT_TIMEOUT',
    'CERT_HAS_EXPIRED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'UND_ERR_DESTROYED',
  ]

  test.each(unreached)('%s before the request was written is a busy server and not sent', (code) => {
    expect(classifyTransportError(withCode(code), false)).toMatchObject({
      category: 'SERVER_BUSY',
      code,
      fate: 'notSent',
      scope: 'channel',
      permanent: false,
    })
  })

  test.each(['ECONNRESET', 'UND_ERR_SOCKET', 'EPIPE', 'ETIMEDOUT'])(
    '%s after it was written may have been sent',
    (code) => {
      expect(classifyTransportError(withCode(code), true)).toMatchObject({
        category: 'TIMEOUT',
        code,
        fate: 'maybe',
        scope: 'recipient',
        permanent: false,
      })
    },
  )

  test.each(['HPE_INVALID_CONSTANT', 'UND_ERR_HEADERS_OVERFLOW', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH'])(
    '%s is an answer that cannot be read',
    (code) => {
      expect(classifyTransportError(withCode(code), true)).toMatchObject({
        category: 'API_ERROR',
        code: 'PROTOCOL',
        fate: 'maybe',
      })
    },
  )

  test('a deadline is a maybe once the request was written, else the gateway was out of reach', () => {
    expect(classifyTransportError(new RequestEnded('DEADLINE'), true)).toMatchObject({
      category: 'TIMEOUT',
      fate: 'maybe',
    })
    expect(classifyTransportError(new RequestEnded('DEADLINE'), false)).toMatchObject({
      category: 'SERVER_BUSY',
      fate: 'notSent',
    })
  })

  test('our own abort before writing is no fault of the gateway', () => {
    expect(classifyTransportError(new RequestEnded('ABORTED'), false)).toMatchObject({
      category: 'TIMEOUT',
      code: 'ABORTED',
      fate: 'notSent',
    })
  })

  test('the code is found in several addresses, in a cause, and need not exist', () => {
    expect(classifyTransportError(new AggregateError([withCode('ECONNREFUSED')]), false).code).toBe('ECONNREFUSED')
    expect(classifyTransportError(new Error('x', { cause: withCode('ENOTFOUND') }), false).code).toBe('ENOTFOUND')
    expect(classifyTransportError('boom', true)).toMatchObject({ code: 'TRANSPORT', fate: 'maybe' })
    expect(classifyTransportError(undefined, false)).toMatchObject({ code: 'TRANSPORT', fate: 'notSent' })
  })

  test('every category is one of the contract', () => {
    for (const written of [true, false]) {
      for (const code of [...unreached, 'HPE_X', 'UND_ERR_INVALID_ARG']) {
        expect(FAILURE_CATEGORIES).toContain(classifyTransportError(withCode(code), written).category)
      }
    }
  })
})
