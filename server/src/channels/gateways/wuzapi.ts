import { HEADER_TOKEN } from '#contract/channels.ts'
import { AppError } from '#server/lib/AppError.ts'
import { checkHttpAddress } from '#server/lib/outboundAddress.ts'
import {
  GatewayError,
  type BookEntry,
  type Gateway,
  type GatewayStatus,
  type NumberCheck,
  type Pairing,
  type SendFailure,
  type SendOutcome,
} from './Gateway.ts'
import { classifySafely, classifyTransportError } from './gatewayFailures.ts'
import { createPool, exchange, type Exchange, type HttpLimits, type HttpRequest } from './gatewayHttp.ts'
import { field, isObject, parseJson, textField } from './gatewayJson.ts'
import { renderSend, type RenderedSend } from './wuzapiBody.ts'
import { bookOf, MAX_ADDRESS_BOOK_BYTES, numberOf } from './wuzapiContacts.ts'
import { classifyWuzapiAnswer, type WuzapiCall } from './wuzapiFailures.ts'

export type WuzapiOptions = {
  /** Where WuzAPI answers; may have a path of its own behind a proxy. */
  baseUrl: string
  token: string
  /** Longest life of one send. WuzAPI waits up to 75 s for WhatsApp and gives up its answer after 120 s. */
  deadlineMs?: number
  /** WuzAPI queues the sends of one number behind a lock, so more than one only waits there. */
  maxInFlight?: number
  maxAnswerBytes?: number
}

export type WuzapiGateway = Gateway & { pairing: Pairing }

/**
 * Every event that the product acts on or shows. It is sent whole each time: WuzAPI replaces its list, and a call
 * without one silences the webhook.
 */
export const WEBHOOK_EVENTS = [
  'Message',
  'ReadReceipt',
  'Connected',
  'Disconnected',
  'LoggedOut',
  'TemporaryBan',
  'ConnectFailure',
  'StreamError',
  'StreamReplaced',
  'KeepAliveTimeout',
  'KeepAliveRestored',
  'ClientOutdated',
  'PairSuccess',
  'PairError',
  'QRTimeout',
]

const DEFAULT_DEADLINE_MS = 100_000
/** Answered from memory or one row of its database, so a screen need not wait longer. */
const CONTROL_DEADLINE_MS = 15_000
/** Somebody waits for the answer; most come within a second or two. */
const CHECK_DEADLINE_MS = 20_000
const DEFAULT_MAX_ANSWER_BYTES = 65_536
/** It stands in a page as it comes. */
const PNG = /^data:image\/png;base64,[A-Za-z0-9+/]+=*$/
/** WuzAPI asks WhatsApp for all numbers of a call at once; larger questions are answered with a rate limit. */
const NUMBERS_PER_CHECK = 50

/**
 * One WhatsApp number behind WuzAPI, generations A to C, or behind the sandbox.
 * Throws `AppError('VALIDATION_FAILED')` when address or token can never work.
 */
export function createWuzapiGateway(options: WuzapiOptions): WuzapiGateway {
  const wire = createWire(options)
  return {
    limits: { deadlineMs: wire.deadlineMs, maxInFlight: options.maxInFlight ?? 1 },
    isIdempotent: true,
    send: (...args) => send(wire, ...args),
    status: () => status(wire),
    checkNumbers: (numbers) => checkNumbers(wire, numbers),
    readContacts: () => readContacts(wire),
    registerWebhook: (url, hmacKey) => registerWebhook(wire, url, hmacKey),
    pairing: { connect: () => connect(wire), qr: () => qr(wire), logout: () => logout(wire) },
    close: () => wire.close(),
  }
}

type SendArgs = Parameters<Gateway['send']>

type Wire = {
  deadlineMs: number
  send(path: string, body: RenderedSend['body'], signal: SendArgs[1], mayLeave: SendArgs[2]): Promise<Exchange>
  /** Everything but sends, on connections of its own: a question about the status does not wait behind a send. */
  ask(method: 'GET' | 'POST', path: string, body: unknown, deadlineMs: number, maxBytes?: number): Promise<Exchange>
  /** The text without the token, in case somebody's error page repeats our headers. */
  withoutToken(text: string): string
  close(): Promise<void>
}

function createWire(options: WuzapiOptions): Wire {
  const { origin, prefix } = readAddress(options.baseUrl)
  const headers = readHeaders(options.token)
  const { deadlineMs = DEFAULT_DEADLINE_MS, maxAnswerBytes = DEFAULT_MAX_ANSWER_BYTES, maxInFlight = 1 } = options
  const sends = createPool(origin, { connections: maxInFlight, deadlineMs })
  const questions = createPool(origin, { connections: 2, deadlineMs })
  const books = createPool(origin, { connections: 1, deadlineMs, maxWireBytes: 2 * MAX_ADDRESS_BOOK_BYTES })
  const sendLimits: HttpLimits = { deadlineMs, maxAnswerBytes }
  return {
    deadlineMs,
    send: (path, body, signal, mayLeave) => {
      const request: HttpRequest = { method: 'POST', path: prefix + path, ...contentOf(headers, body) }
      return exchange(sends, request, sendLimits, signal, mayLeave)
    },
    ask: (method, path, body, askDeadlineMs, maxBytes = maxAnswerBytes) => {
      const request: HttpRequest = {
        method,
        path: prefix + path,
        headers,
        body: method === 'GET' ? null : JSON.stringify(body),
      }
      const limits: HttpLimits = { deadlineMs: Math.min(askDeadlineMs, deadlineMs), maxAnswerBytes: maxBytes }
      return exchange(maxBytes > maxAnswerBytes ? books : questions, request, limits)
    },
    withoutToken: (text) => (options.token === '' ? text : text.replaceAll(options.token, '[token]')),
    close: async () => {
      await Promise.all([sends, questions, books].map((pool) => pool.destroy()))
    },
  }
}

/** Pieces go out with their length: not every proxy takes a body of unknown size. */
function contentOf(headers: string[], body: RenderedSend['body']): Pick<HttpRequest, 'headers' | 'body'> {
  if (typeof body === 'string') return { headers, body }
  return { headers: [...headers, 'content-length', String(body.length)], body: body.pieces }
}

function readAddress(baseUrl: string): { origin: string; prefix: string } {
  const address = checkHttpAddress(baseUrl)
  if ('refusal' in address) throw new AppError('VALIDATION_FAILED', { details: { field: 'baseUrl' } })
  return { origin: address.url.origin, prefix: address.url.pathname.replace(/\/+$/, '') }
}

/** A token that cannot stand in a header can never be right; found here it costs no recipient. */
function readHeaders(token: string): string[] {
  if (!HEADER_TOKEN.test(token)) throw new AppError('VALIDATION_FAILED', { details: { field: 'token' } })
  return [
    'token',
    token,
    'content-type',
    'application/json',
    'accept',
    'application/json',
    'accept-encoding',
    'identity',
  ]
}

async function send(wire: Wire, ...[message, signal, mayLeave]: SendArgs): Promise<SendOutcome> {
  const to = message.to.replace(/^\+/, '')
  // WuzAPI makes a WhatsApp id of any text, so what is no number has to be stopped here.
  if (!/^\d{5,20}$|^[\w.:-]+@[\w.-]+$/.test(to))
    return { ok: false, failure: localFailure('INVALID_NUMBER', 'UNPARSABLE_PHONE') }
  let request: RenderedSend
  try {
    request = renderSend({ ...message, to })
  } catch {
    return { ok: false, failure: localFailure('API_ERROR', 'UNRENDERABLE') }
  }
  const result = await wire.send(request.path, request.body, signal, mayLeave)
  if (result.kind === 'answer' && isAccepted(result, message.id)) return { ok: true }
  return { ok: false, failure: failureOf(wire, result, 'send') }
}

function localFailure(category: 'INVALID_NUMBER' | 'API_ERROR', code: string): SendFailure {
  const message =
    category === 'INVALID_NUMBER' ? 'The recipient is no phone number.' : 'The message could not be written as JSON.'
  return { category, code, fate: 'notSent', permanent: true, scope: 'recipient', notBefore: null, message }
}

/**
 * Only the documented envelope, naming our message, counts as accepted. An answer that names another message belongs
 * to another request.
 */
function isAccepted(answer: Extract<Exchange, { kind: 'answer' }>, id: string): boolean {
  const sent = successData(answer)
  const answeredId = field(sent, 'Id')
  return answeredId === id || (answeredId === undefined && field(sent, 'Details') === 'Sent')
}

/** `data` of a readable success envelope, else null. The HTTP status counts more than `success`. */
function successData(answer: Exchange): unknown {
  if (answer.kind === 'lost' || answer.status < 200 || answer.status >= 300 || answer.truncated) return null
  const envelope = parseJson(answer.text)
  if (field(envelope, 'success') !== true) return null
  const data = field(envelope, 'data')
  return isObject(data) ? data : null
}

function failureOf(wire: Wire, result: Exchange, call: WuzapiCall): SendFailure {
  if (result.kind === 'lost') {
    const failure = classifyTransportError(result.error, result.requestWritten)
    return call === 'send' ? failure : { ...failure, fate: 'notSent' }
  }
  const { status, retryAfter } = result
  return classifySafely(status, () =>
    classifyWuzapiAnswer({ status, error: wire.withoutToken(errorText(result.text)), retryAfter, call }),
  )
}

function errorText(body: string): string {
  const envelope = parseJson(body)
  return envelope === undefined ? body : (textField(envelope, 'error') ?? '')
}

/** An unpaired or stopped session is an answer here, not an error. */
async function status(wire: Wire): Promise<GatewayStatus> {
  const result = await wire.ask('GET', '/session/status', null, CONTROL_DEADLINE_MS)
  const data = successData(result)
  if (data !== null) {
    const connected = field(data, 'connected') === true
    return { connected, loggedIn: field(data, 'loggedIn') === true, number: numberOf(textField(data, 'jid')) }
  }
  const failure = failureOf(wire, result, 'status')
  if (failure.code === 'NO_SESSION') return { connected: false, loggedIn: false, number: null }
  throw new GatewayError(failure)
}

/** Data of a call that must succeed. */
async function ask(
  wire: Wire,
  call: WuzapiCall,
  path: string,
  body: unknown,
  deadlineMs = CONTROL_DEADLINE_MS,
): Promise<unknown> {
  const result = await wire.ask(body === null ? 'GET' : 'POST', path, body, deadlineMs)
  const data = successData(result)
  if (data === null) throw new GatewayError(failureOf(wire, result, call))
  return data
}

async function checkNumbers(wire: Wire, numbers: string[]): Promise<NumberCheck[]> {
  const asked = [...new Set(numbers)]
  const checks: NumberCheck[] = []
  for (let at = 0; at < asked.length; at += NUMBERS_PER_CHECK) {
    const batch = asked.slice(at, at + NUMBERS_PER_CHECK)
    const data = await ask(wire, 'check', '/user/check', { Phone: batch }, CHECK_DEADLINE_MS)
    checks.push(...readChecks(batch, field(data, 'Users')))
  }
  return checks
}

/** Rows come in any order, some are missing, and `null` stands for none: each is found by the question it repeats. */
function readChecks(asked: string[], users: unknown): NumberCheck[] {
  const open = new Map(asked.map((query) => [bareNumber(query), query]))
  const checks: NumberCheck[] = []
  for (const user of Array.isArray(users) ? users : []) {
    const bare = bareNumber(textField(user, 'Query') ?? '')
    const query = open.get(bare)
    const isOnWhatsapp = field(user, 'IsInWhatsapp')
    if (query === undefined || typeof isOnWhatsapp !== 'boolean') continue
    open.delete(bare)
    checks.push({ query, isOnWhatsapp, jid: isOnWhatsapp ? textField(user, 'JID') || null : null })
  }
  return checks
}

function bareNumber(query: string): string {
  return query.replace(/^\+/, '').replace(/@(?:c\.us|s\.whatsapp\.net)$/i, '')
}

async function readContacts(wire: Wire): Promise<BookEntry[]> {
  const result = await wire.ask('GET', '/user/contacts', null, CONTROL_DEADLINE_MS, MAX_ADDRESS_BOOK_BYTES)
  const data = successData(result)
  if (data === null) throw new GatewayError(failureOf(wire, result, 'status'))
  return bookOf(data)
}

/** The key first: the other way round, events would arrive unsigned in between. */
async function registerWebhook(wire: Wire, url: string, hmacKey: string | null): Promise<void> {
  if (hmacKey !== null) await setHmacKey(wire, hmacKey)
  await ask(wire, 'webhook', '/webhook', { webhookurl: url, events: WEBHOOK_EVENTS })
}

/** This one answer comes without the envelope: a bare `{"Details":"…"}`. */
async function setHmacKey(wire: Wire, hmacKey: string): Promise<void> {
  const result = await wire.ask('POST', '/session/hmac/config', { hmac_key: hmacKey }, CONTROL_DEADLINE_MS)
  const stored =
    successData(result) ?? (result.kind === 'answer' && result.status === 200 ? parseJson(result.text) : null)
  if (textField(stored, 'Details') === null) throw new GatewayError(failureOf(wire, result, 'webhook'))
}

async function connect(wire: Wire): Promise<void> {
  const result = await wire.ask(
    'POST',
    '/session/connect',
    { Subscribe: WEBHOOK_EVENTS, Immediate: true },
    CONTROL_DEADLINE_MS,
  )
  if (successData(result) !== null) return
  const failure = failureOf(wire, result, 'session')
  if (failure.code !== 'ALREADY_CONNECTED') throw new GatewayError(failure)
}

async function qr(wire: Wire): Promise<string | null> {
  const data = await ask(wire, 'session', '/session/qr', null)
  const picture = textField(data, 'QRCode')
  return picture !== null && PNG.test(picture) ? picture : null
}

/** A session that waits to be scanned cannot be logged out, only ended. */
async function logout(wire: Wire): Promise<void> {
  const end = (path: string) => ask(wire, 'session', path, {})
  try {
    await end('/session/logout')
  } catch (error) {
    if (!(error instanceof GatewayError) || error.failure.code !== 'NOT_LOGGED_IN') throw error
    await end('/session/disconnect')
  }
}
