import type { FailureCategory } from '#contract/errors.ts'
import type { SendFailure } from './Gateway.ts'
import {
  cutMessage,
  describeAnswer,
  maskPeople,
  MAX_ANSWER_TEXT,
  retryInstant,
  verdict,
  type Verdict,
} from './gatewayFailures.ts'
import type { AnswerHeaders } from './gatewayHttp.ts'
import { field, isObject, parseJson, textField } from './gatewayJson.ts'

type Rule = Omit<Verdict, 'code'> & {
  /** Meta's own advice how long to wait; 0 leaves it to the caller. */
  waitMs: number
}

/**
 * Before a request that failed on Meta's side is repeated, the status webhook of a message that went out all the same
 * has so long to come: there is no idempotency key, and a repeat would be a second message.
 */
const ECHO_MS = 60_000

/** Every code of Meta's table that decides alone. Titles, HTTP status and texts are for people and change. */
const RULES: ReadonlyMap<number, Rule> = new Map([
  // Token, permission or access: a person has to act, whatever the recipient.
  ...rules({ category: 'UNAUTHORIZED', scope: 'channel' }, [0, 3, 10, 104, 190, 131005, ...range(200, 299)]),
  ...rules({ category: 'RATE_LIMIT', scope: 'channel' }, [4, 80007, 130429]),
  // Spam, policy and misclassified templates: waiting seconds does not help, and going on makes it worse.
  ...rules({ category: 'RATE_LIMIT', scope: 'channel', permanent: true }, [368, 131048, 131064]),
  // The pair of this number and this person; and limits of calls that are no sends: sending goes on.
  ...rules({ category: 'RATE_LIMIT' }, [131056, 80008, 133016]),
  // The number or the account cannot send at all: deleted, locked, unnamed, unpaid, unregistered.
  ...rules(
    { category: 'DISCONNECTED', scope: 'channel' },
    [33, 131031, 131037, 131042, 131045, 133000, 133006, 133010, 133015],
  ),
  ...rules({ category: 'SERVER_BUSY', scope: 'channel', waitMs: ECHO_MS }, [2, 131016, 133004]),
  ...rules({ category: 'SERVER_BUSY', waitMs: ECHO_MS }, [131000]),
  // The number's throughput is being raised, which takes up to a minute.
  ...rules({ category: 'SERVER_BUSY', scope: 'channel', waitMs: 60_000 }, [131057]),
  // The template is still being copied to the Marketing Messages API: about ten minutes.
  ...rules({ category: 'SERVER_BUSY', waitMs: 600_000 }, [134101]),
  // 131026 stands for no account, terms not accepted and an outdated app alike.
  ...rules({ category: 'INVALID_NUMBER', permanent: true }, [131021, 131026]),
  ...rules({ category: 'BLOCKED_NUMBER', permanent: true }, [130472, 131049, 131050]),
  ...rules({ category: 'API_ERROR' }, [1, 135000]),
  ...rules({ category: 'API_ERROR', permanent: true }, [
    100,
    130497,
    131008,
    131009,
    131030,
    131036,
    131047,
    131051,
    131052,
    131053,
    131055,
    131059,
    131060,
    131062,
    131063,
    132000,
    132001,
    132005,
    132007,
    132008,
    132012,
    132015,
    132016,
    132018,
    132068,
    132069,
    133005,
    133008,
    133009,
    134011,
    134100,
    134102,
    137000,
    ...range(139100, 139103),
  ]),
])

function rules(common: Partial<Rule> & { category: FailureCategory }, codes: number[]): [number, Rule][] {
  const rule: Rule = { fate: 'notSent', permanent: false, scope: 'recipient', waitMs: 0, ...common }
  return codes.map((code) => [code, rule])
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

/**
 * What an answer of the Graph API (or of a proxy before it) means that is not the documented success. Never throws.
 * An error in Graph's own words is an error: nothing was sent. A 5xx in other words, and any 2xx, may have been.
 */
export function classifyCloudAnswer(status: number, body: string, headers: AnswerHeaders = {}): SendFailure {
  const parsed = parseJson(body)
  const error = status >= 200 && status < 300 ? null : readError(isObject(parsed) ? parsed['error'] : null)
  if (error === null) {
    const text = body.slice(0, MAX_ANSWER_TEXT).trim()
    const found = byStatus(status)
    return { ...found, notBefore: earliest(found, 0, headers), message: describeAnswer(status, text) }
  }
  const { waitMs, ...found } = byCode(error, status)
  return { ...found, notBefore: earliest(found, waitMs, headers), message: describeError(error) }
}

/**
 * What an entry of a webhook's `errors` means: the message was accepted and did not arrive. The same table as for
 * answers, because one code can come either way.
 */
export function classifyCloudError(value: unknown): SendFailure {
  const error = readError(value)
  if (error === null)
    return { ...verdict('API_ERROR', 'UNEXPLAINED'), notBefore: null, message: 'Meta gave no reason.' }
  const { waitMs: _, ...found } = byCode(error, 0)
  return { ...found, notBefore: null, message: describeError(error) }
}

type GraphError = { code: number; subcode: number | null; isTransient: boolean; text: string; trace: string | null }

function readError(value: unknown): GraphError | null {
  const code = readNumber(field(value, 'code'))
  if (code === null) return null
  const trace = textField(value, 'fbtrace_id')
  return {
    code,
    subcode: readNumber(field(value, 'error_subcode')),
    isTransient: field(value, 'is_transient') === true,
    text: [textField(value, 'message') ?? textField(value, 'title') ?? '', readDetails(value)]
      .filter(Boolean)
      .join(' - '),
    trace: trace !== null && /^[\w-]{1,64}$/.test(trace) ? trace : null,
  }
}

function readNumber(value: unknown): number | null {
  const number = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : null
}

/** `error_data` is an object with `details`, a bare text, or missing. */
function readDetails(value: unknown): string {
  const detail = field(value, 'error_data')
  return typeof detail === 'string' ? detail : (textField(detail, 'details') ?? '')
}

/** `status` 0: it came by webhook. */
function byCode({ code, subcode, isTransient }: GraphError, status: number): Rule & { code: string } {
  const name = `META_${code}`
  // An object that does not exist or that this token may not see: the number itself, in all our calls.
  if (code === 100 && subcode === 33) return { ...ruleOf(33), code: 'META_100_33' }
  // Meta uses 1 for a bad request and for its own fault.
  const isTheirs = status >= 500 || isTransient
  if (code === 1 && isTheirs) return { ...verdict('SERVER_BUSY', name), waitMs: ECHO_MS }
  const rule = RULES.get(code)
  if (rule !== undefined) return { ...rule, code: name }
  if (status === 401 || status === 403) return { ...verdict('UNAUTHORIZED', name, { scope: 'channel' }), waitMs: 0 }
  if (status === 429) return { ...verdict('RATE_LIMIT', name, { scope: 'channel' }), waitMs: 0 }
  if (isTheirs) return { ...verdict('SERVER_BUSY', name), waitMs: ECHO_MS }
  return { ...verdict('API_ERROR', name, { permanent: true }), waitMs: 0 }
}

function ruleOf(code: number): Rule {
  return RULES.get(code) ?? { ...verdict('API_ERROR', ''), waitMs: 0 }
}

/** Answers without an error of Graph's: somebody in between, or nobody we know. */
function byStatus(status: number): Verdict {
  const code = `HTTP_${status}`
  if (status >= 200 && status < 300) return verdict('API_ERROR', 'PROTOCOL', { fate: 'maybe' })
  if (status >= 300 && status < 400) return verdict('API_ERROR', 'REDIRECT')
  if (status === 401 || status === 403) return verdict('UNAUTHORIZED', code, { scope: 'channel' })
  if (status === 408) return verdict('TIMEOUT', code, { fate: 'maybe' })
  if (status === 413) return verdict('API_ERROR', code, { permanent: true })
  if (status === 429) return verdict('RATE_LIMIT', code, { scope: 'channel' })
  if (status >= 500) return verdict('SERVER_BUSY', code, { fate: 'maybe' })
  return verdict('API_ERROR', code)
}

/** What the answer itself asks for comes before the general advice; only where repeating is an option at all. */
function earliest({ category, permanent }: Verdict, waitMs: number, headers: AnswerHeaders): Date | null {
  if (permanent || (category !== 'RATE_LIMIT' && category !== 'SERVER_BUSY')) return null
  const asked = headers['retry-after']
  const fromAnswer = retryInstant(typeof asked === 'string' ? asked : null) ?? regainInstant(headers)
  return fromAnswer ?? (waitMs === 0 ? null : new Date(Date.now() + waitMs))
}

/** Meta counts use per WABA and per app, and tells in minutes when a limit that was reached is free again. */
function regainInstant(headers: AnswerHeaders): Date | null {
  const usage = [headers['x-business-use-case-usage'], headers['x-app-usage']].map((header) =>
    parseJson(String(header)),
  )
  const entries = usage.flatMap((value) => (isObject(value) ? [value, ...Object.values(value)] : [])).flat()
  const minutes = entries
    .map((entry) => field(entry, 'estimated_time_to_regain_access'))
    .filter((value) => typeof value === 'number')
  const longest = Math.max(0, ...minutes.filter((value) => Number.isFinite(value)).slice(0, 100))
  return longest > 0 ? retryInstant(String(Math.min(Math.ceil(longest * 60), 1e9))) : null
}

/** With the trace, by which Meta's support finds the request. */
function describeError({ code, text, trace }: GraphError): string {
  const said = maskPeople(text.slice(0, MAX_ANSWER_TEXT)).replace(/^\(#\d+\)\s*/, '')
  const message = `Meta's error ${code}${said === '' ? '' : `: ${said}`}`
  return trace === null ? cutMessage(message) : `${cutMessage(message).slice(0, 210).toWellFormed()} (trace ${trace})`
}
