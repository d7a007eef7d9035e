import type { FailureCategory } from '#contract/errors.ts'
import type { SendFailure } from './Gateway.ts'
import { describeAnswer, MAX_ANSWER_TEXT, retryInstant, verdict, type Verdict } from './gatewayFailures.ts'

export type WuzapiCall = 'send' | 'check' | 'status' | 'webhook' | 'session'

export type WuzapiAnswer = {
  status: number
  /** The `error` of the envelope, or the body as text when it is not JSON. */
  error: string | null
  retryAfter?: string | null
  call: WuzapiCall
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
  ...rules({ category: 'TIMEOUT', fate: 'maybe' }, [['timed out waiting for message send response', 'ACK_TIMEOUT']]),
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
  const text = (answer.error ?? '').slice(0, MAX_ANSWER_TEXT).trim()
  const verdict = byStatus(answer.status, text.toLowerCase()) ?? byText(answer, text.toLowerCase())
  return {
    ...verdict,
    fate: answer.call === 'send' ? verdict.fate : 'notSent',
    notBefore: answer.status === 429 || answer.status === 503 ? retryInstant(answer.retryAfter ?? null) : null,
    message: describeAnswer(answer.status, text),
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

function numberedCode(text: string): string | null {
  const server = /server returned error (\d{3})/.exec(text)
  if (server !== null) return `SERVER_ERROR_${server[1]}`
  const upload = /upload failed with status code (\d{3})/.exec(text)
  if (upload !== null) return `UPLOAD_${upload[1]}`
  const query = /status (?:code )?(\d{3})/.exec(text)
  return query === null ? null : `INFO_QUERY_${query[1]}`
}
