import { errors } from 'undici'
import type { FailureCategory } from '#contract/errors.ts'
import { failpoints } from '#server/lib/failpoints.ts'
import type { SendFailure } from './Gateway.ts'
import { RequestEnded } from './gatewayHttp.ts'

/** What a failure means, before its instant and its message are known. */
export type Verdict = {
  category: FailureCategory
  code: string
  fate: SendFailure['fate']
  permanent: boolean
  scope: SendFailure['scope']
}

/** A verdict that is not sent, not permanent and about the recipient, but for what `differs`. */
export function verdict(category: FailureCategory, code: string, differs: Partial<Verdict> = {}): Verdict {
  return { category, code, fate: 'notSent', permanent: false, scope: 'recipient', ...differs }
}

/**
 * What `classify` says of an answer with this HTTP status. Should it throw, the status alone decides, which every
 * gateway means alike where it names a reason at all; the fate is then open.
 */
export function classifySafely(status: number, classify: () => SendFailure): SendFailure {
  try {
    if (failpoints !== null) failpoints.passNow('during_classify')
    return classify()
  } catch {
    const message = `The gateway answered ${status}; its explanation could not be read.`
    return { ...verdictOfStatus(status), notBefore: null, message }
  }
}

function verdictOfStatus(status: number): Verdict {
  const code = `HTTP_${status}`
  if (status === 401) return verdict('UNAUTHORIZED', code, { scope: 'channel' })
  if (status === 429) return verdict('RATE_LIMIT', code, { scope: 'channel' })
  return verdict(status === 503 ? 'SERVER_BUSY' : 'API_ERROR', code, { fate: 'maybe' })
}

const MIN_RETRY_AFTER_MS = 1000
const MAX_RETRY_AFTER_MS = 15 * 60_000

/** Seconds or an HTTP date, at least 1 s and at most 15 min away; null when there is none or it cannot be read. */
export function retryInstant(header: string | null): Date | null {
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
export const MAX_ANSWER_TEXT = 2000
const MAX_MESSAGE = 300

/** One safe sentence about a failed answer: at most 300 characters, no person, no control character. */
export function describeAnswer(status: number, text: string): string {
  if (status >= 200 && status < 300) return `The gateway answered ${status}, but not as its contract says.`
  if (text === '') return `The gateway answered ${status} without an explanation.`
  if (text.startsWith('<')) return `The gateway answered ${status} with a page instead of JSON.`
  return cutMessage(`The gateway answered ${status}: ${maskPeople(text)}`)
}

/** What fits into a failure's message, as whole Unicode. */
export function cutMessage(text: string): string {
  return text.slice(0, MAX_MESSAGE).toWellFormed()
}

/** WhatsApp ids and anything that may be a phone number go; so do control characters, which PostgreSQL refuses. */
export function maskPeople(text: string): string {
  return text
    .replace(/[\w.:-]{1,80}@[\w.-]{1,80}/g, '[number]')
    .replace(/\+\d[\d ().-]{5,24}\d|\d{7,}/g, '[number]')
    .replace(/\p{Cc}+/gu, ' ')
}
