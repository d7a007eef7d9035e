import { errors } from 'undici'
import type { FailureCategory } from '#contract/errors.ts'
import type { SendFailure } from './Gateway.ts'
import { RequestEnded } from './wuzapiHttp.ts'

export type WuzapiCall = 'send' | 'check' | 'status' | 'webhook' | 'session'

export type WuzapiAnswer = {
  status: number
  /** The `error` of the envelope, or the body as text when it is not JSON. */
  error: string | null
  retryAfter?: string | null
  call: WuzapiCall
}

type Verdict = {
  category: FailureCategory
  code: string
  fate: SendFailure['fate']
  permanent: boolean
  scope: SendFailure['scope']
}

/**
 * One documented string. `code` null: taken from the number in the text. `on400`: the calls on which the string also
 * counts under HTTP 400, which otherwise always means that our request was wrong.
 */
type Rule = Omit<Verdict, 'code'> & { pattern: string | RegExp; code: string | null; on400: 'any' | 'session' | 'none' }

/**
 * Nearly every failure of WuzAPI is HTTP 500, so its text decides. First match wins, the order carries meaning:
 * `websocket not connected` is a maybe directly after WuzAPI's own prefix (only a frame already written once gets
 * there), and surely not sent when it is nested in the preparation of a message.
 */
const RULES: Rule[] = [
  ...rules({ category: 'TIMEOUT', fate: 'maybe' }, [
    ['timed out waiting for message send response', 'ACK_TIMEOUT'],
  ]),
  ...rules({ category: 'DISCONNECTED', fate: 'maybe', scope: 'channel' }, [
    ['websocket disconnected before message send', 'DROPPED_BEFORE_ACK'],
    [
      /^(?:error sending message|error sending edit message|failed to send poll): (?:websocket not connected|frame socket is closed)/,
      'DROPPED_ON_RESEND',
    ],
    [/failed to send message node: (?!websocket not connected|frame socket is closed)/, 'WRITE_FAILED'],
  ]),
  ...rules({ category: 'TIMEOUT' }, [['info query timed out', 'INFO_QUERY_TIMEOUT']]),
  ...rules({ category: 'DISCONNECTED', scope: 'channel', on400: 'session' }, [
    ['websocket disconnected before info query', 'DROPPED_BEFORE_SEND'],
    ['websocket not connected', 'WEBSOCKET_NOT_CONNECTED'],
    ['frame socket is closed', 'SOCKET_CLOSED'],
    [/^no session$/, 'NO_SESSION'],
    ['not connected', 'NOT_CONNECTED'],
    ['client is nil', 'CLIENT_NIL'],
    ['failed to connect', 'CONNECT_FAILED'],
    ["the store doesn't contain a device jid", 'NOT_PAIRED'],
    ['not logged in', 'NOT_LOGGED_IN'],
    ['could not perform logout', 'LOGOUT_FAILED'],
  ]),
  ...rules({ category: 'RATE_LIMIT', scope: 'channel', on400: 'session' }, [
    // The account may not start new chats. Waiting for seconds does not help: the channel pauses as `blocked`.
    [/server returned error 463\b/, 'SERVER_ERROR_463'],
    [/server returned error (?:429|420)\b/, null],
    [/status (?:code )?(?:429|419)\b/, null],
    ['rate-overlimit', 'RATE_OVERLIMIT'],
  ]),
  ...rules({ category: 'SERVER_BUSY' }, [
    [/(?:server returned error|info query returned status|upload failed with status code) 5\d\d\b/, null],
    ['database is locked', 'GATEWAY_DATABASE'],
    ['database error', 'GATEWAY_DATABASE'],
    ['problem accessing db', 'GATEWAY_DATABASE'],
  ]),
  // The best reading of 403: we blocked this person, or may not write to them.
  ...rules({ category: 'BLOCKED_NUMBER', permanent: true }, [[/server returned error 403\b/, null]]),
  ...rules({ category: 'INVALID_NUMBER', permanent: true, on400: 'any' }, [
    ['no lid found for', 'NOT_ON_WHATSAPP'],
    ['could not parse phone', 'UNPARSABLE_PHONE'],
    ['could not parse chatphone', 'UNPARSABLE_PHONE'],
    ["can't send message to unknown server", 'UNKNOWN_SERVER'],
    ['unknown user server', 'UNKNOWN_SERVER'],
    ['message recipient must be a user jid', 'NOT_A_USER'],
    ['that group does not exist', 'UNKNOWN_GROUP'],
    ['not participating in that group', 'NOT_IN_GROUP'],
    ['invalid jid format', 'UNPARSABLE_PHONE'],
  ]),
  ...rules({ category: 'TIMEOUT' }, [
    [/failed to upload file: .*(?:failed to execute request|context deadline exceeded)/, 'UPLOAD_TIMEOUT'],
  ]),
  // WhatsApp revoked the session. The API token is as good as before.
  ...rules({ category: 'DISCONNECTED', scope: 'channel' }, [[/info query returned status 401\b/, null]]),
  ...rules({ category: 'API_ERROR', permanent: true, on400: 'any' }, [
    ['already connected', 'ALREADY_CONNECTED'],
    ['already logged in', 'ALREADY_LOGGED_IN'],
    ['already paired', 'ALREADY_PAIRED'],
  ]),
  ...rules({ category: 'API_ERROR', permanent: true }, [
    [/server returned error (?:400|405)\b/, null],
    ['could not decode image for thumbnail', 'IMAGE_UNREADABLE'],
  ]),
  ...rules({ category: 'API_ERROR' }, [
    [/server returned error \d/, null],
    [/info query returned status \d/, null],
    [/upload failed with status code \d/, null],
    [/failed to upload file|failed to refresh media connections/, 'UPLOAD_FAILED'],
    ["can't encrypt message for device", 'ENCRYPTION_FAILED'],
    ['could not re-encode', 'MEDIA_FAILED'],
    [/^(?:could not create temp file|failed to encode jpeg|failed to read |failed to convert )/, 'MEDIA_FAILED'],
    ['failed to get lid for pn', 'LID_LOOKUP_FAILED'],
    ['user with this token already exists', 'TOKEN_IN_USE'],
  ]),
]

function rules(
  common: Partial<Rule> & { category: FailureCategory },
  patterns: [pattern: string | RegExp, code: string | null][],
): Rule[] {
  const defaults = { fate: 'notSent', permanent: false, scope: 'recipient', on400: 'none' } as const
  return patterns.map(([pattern, code]) => ({ ...defaults, ...common, pattern, code }))
}

/**
 * What an answer of WuzAPI (or of a proxy before it) means. Never throws; anything unknown under 5xx may have been
 * sent. A call that is no send is never `maybe`: there is no message that could have left.
 */
export function classifyWuzapiAnswer(answer: WuzapiAnswer): SendFailure {
  const text = (answer.error ?? '').slice(0, MAX_TEXT).trim()
  const verdict = byStatus(answer.status, text.toLowerCase()) ?? byText(answer, text.toLowerCase())
  return {
    ...verdict,
    fate: answer.call === 'send' ? verdict.fate : 'notSent',
    notBefore: answer.status === 429 || answer.status === 503 ? retryInstant(answer.retryAfter ?? null) : null,
    message: describe(answer.status, text),
  }
}

/** The statuses that decide by themselves. WuzAPI never answers 3xx, 408, 413, 429, 502, 503 or 504: a proxy does. */
function byStatus(status: number, text: string): Verdict | null {
  const code = `HTTP_${status}`
  if (status >= 200 && status < 300) return verdict('API_ERROR', 'PROTOCOL', { fate: 'maybe' })
  if (status >= 300 && status < 400) return verdict('API_ERROR', 'REDIRECT')
  if (status === 401 || (status !== 400 && text === 'unauthorized')) {
    return verdict('UNAUTHORIZED', 'UNAUTHORIZED', { scope: 'channel' })
  }
  if (status === 408 || status === 502 || status === 504) return verdict('TIMEOUT', code, { fate: 'maybe' })
  if (status === 503) return verdict('SERVER_BUSY', code, { fate: 'maybe', scope: 'channel' })
  if (status === 429) return verdict('RATE_LIMIT', code, { scope: 'channel' })
  if (status === 501) return verdict('API_ERROR', code)
  if (status === 413) return verdict('API_ERROR', code, { permanent: true })
  return null
}

function byText({ status, call }: WuzapiAnswer, text: string): Verdict {
  const code = `HTTP_${status}`
  const rule = RULES.find((candidate) => counts(candidate, status, call) && matches(candidate.pattern, text))
  if (rule !== undefined) {
    const { category, fate, permanent, scope } = rule
    return { category, code: rule.code ?? numberedCode(text) ?? code, fate, permanent, scope }
  }
  if (status === 400) return verdict('API_ERROR', code, { permanent: true })
  return verdict('API_ERROR', code, { fate: status >= 500 ? 'maybe' : 'notSent' })
}

function counts(rule: Rule, status: number, call: WuzapiCall): boolean {
  return status !== 400 || rule.on400 === 'any' || (rule.on400 === 'session' && call === 'session')
}

/** A page in HTML is not WuzAPI's: words in it prove nothing. */
function matches(pattern: string | RegExp, text: string): boolean {
  if (text.startsWith('<')) return false
  return typeof pattern === 'string' ? text.includes(pattern) : pattern.test(text)
}

function verdict(category: FailureCategory, code: string, differs: Partial<Verdict> = {}): Verdict {
  return { category, code, fate: 'notSent', permanent: false, scope: 'recipient', ...differs }
}

function numberedCode(text: string): string | null {
  const server = /server returned error (\d{3})/.exec(text)
  if (server !== null) return `SERVER_ERROR_${server[1]}`
  const upload = /upload failed with status code (\d{3})/.exec(text)
  if (upload !== null) return `UPLOAD_${upload[1]}`
  const query = /status (?:code )?(\d{3})/.exec(text)
  return query === null ? null : `INFO_QUERY_${query[1]}`
}

const MIN_RETRY_AFTER_MS = 1000
const MAX_RETRY_AFTER_MS = 15 * 60_000

/** Seconds or an HTTP date, at least 1 s and at most 15 min away; null when there is none or it cannot be read. */
function retryInstant(header: string | null): Date | null {
  const now = Date.now()
  const waitMs = retryAfterMs(header?.trim() ?? '', now)
  if (waitMs === null) return null
  return new Date(now + Math.min(Math.max(waitMs, MIN_RETRY_AFTER_MS), MAX_RETRY_AFTER_MS))
}

/** The shapes are checked first because `Date.parse` reads `-1` as the year 2001. */
function retryAfterMs(header: string, now: number): number | null {
  if (/^\d{1,15}(?:\.\d{1,9})?(?:e\d{1,2})?$/i.test(header)) return Number(header) * 1000
  if (!/^[A-Z][a-z]{2,8}, /.test(header)) return null
  const at = Date.parse(header)
  return Number.isNaN(at) ? null : at - now
}

/**
 * What the loss of a connection means. `requestWritten` decides, not the code: ECONNRESET while connecting is surely
 * not sent, ECONNRESET while waiting for the answer is a maybe.
 */
export function classifyTransportError(error: unknown, requestWritten: boolean): SendFailure {
  const code = transportCode(error)
  const fate = requestWritten ? 'maybe' : 'notSent'
  const aborted = error instanceof RequestEnded && error.code === 'ABORTED'
  return { ...transportVerdict(code, fate, aborted), notBefore: null, message: transportMessage(code, requestWritten) }
}

function transportVerdict(code: string, fate: SendFailure['fate'], aborted: boolean): Verdict {
  if (code === 'UND_ERR_INVALID_ARG') return verdict('API_ERROR', code, { permanent: true })
  if (fate === 'maybe' && isUnreadable(code)) return verdict('API_ERROR', 'PROTOCOL', { fate })
  if (fate === 'maybe' || aborted) return verdict('TIMEOUT', code, { fate })
  return verdict('SERVER_BUSY', code, { scope: 'channel' })
}

/** An answer came, but it is no HTTP, its headers do not end, or it is not as long as it says. */
function isUnreadable(code: string): boolean {
  return (
    code.startsWith('HPE_') ||
    code === 'UND_ERR_HEADERS_OVERFLOW' ||
    code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' ||
    code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE'
  )
}

/** The code of the error, of its cause, or of the first of several (one per address that was tried). */
function transportCode(error: unknown): string {
  if (!(error instanceof Error)) return 'TRANSPORT'
  // Its own code is missing for some of the parser's findings.
  if (error instanceof errors.HTTPParserError) return 'HPE_INVALID'
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : error.cause
  const code = 'code' in error ? error.code : undefined
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,59}$/.test(code)) return code
  return inner instanceof Error ? transportCode(inner) : 'TRANSPORT'
}

function transportMessage(code: string, requestWritten: boolean): string {
  if (code === 'DEADLINE') return 'The gateway did not answer within the deadline.'
  if (code === 'ABORTED') return 'We closed the request before the gateway answered.'
  return requestWritten
    ? `The connection to the gateway was lost before its whole answer came (${code}).`
    : `The gateway could not be reached (${code}); nothing was sent.`
}

/** Of a body we look at so much: WuzAPI's errors are one line, the rest is somebody's page. */
const MAX_TEXT = 2000
const MAX_MESSAGE = 300

function describe(status: number, text: string): string {
  if (status >= 200 && status < 300) return `The gateway answered ${status}, but not as its contract says.`
  if (text === '') return `The gateway answered ${status} without an explanation.`
  if (text.startsWith('<')) return `The gateway answered ${status} with a page instead of JSON.`
  return `The gateway answered ${status}: ${maskPeople(text)}`.slice(0, MAX_MESSAGE).toWellFormed()
}

/** WhatsApp ids and anything that may be a phone number go; so do control characters, which PostgreSQL refuses. */
function maskPeople(text: string): string {
  return text
    .replace(/[\w.:-]{1,80}@[\w.-]{1,80}/g, '[number]')
    .replace(/\+\d[\d ().-]{5,24}\d|\d{7,}/g, '[number]')
    .replace(/\p{Cc}+/gu, ' ')
}
