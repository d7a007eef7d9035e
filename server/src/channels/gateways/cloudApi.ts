import { BEARER_TOKEN } from '#contract/channels.ts'
import { AppError } from '#server/lib/AppError.ts'
import { checkHttpAddress, type Resolve } from '#server/lib/outboundAddress.ts'
import { GatewayError, type Gateway, type GatewayStatus, type SendFailure, type SendOutcome } from './Gateway.ts'
import { renderCloudSend } from './cloudApiBody.ts'
import { classifyCloudAnswer } from './cloudApiFailures.ts'
import { CloudApiMedia, renderUpload, waitAtMost, type UploadFile } from './cloudApiMedia.ts'
import { classifySafely, classifyTransportError, verdict } from './gatewayFailures.ts'
import { createPool, exchange, type Exchange, type HttpRequest } from './gatewayHttp.ts'
import { field, isObject, parseJson, textField } from './gatewayJson.ts'
import { linkChecker } from './publicLinks.ts'

export type CloudApiOptions = {
  /** Only tests, the sandbox and proxies differ from Meta's own address. */
  baseUrl?: string
  /** Always pinned: without one Meta chooses. v25.0 lives until July 2028. */
  version?: string
  phoneNumberId: string
  /** Of a system user, with `whatsapp_business_messaging` and `whatsapp_business_management`. */
  token: string
  /** For `registerWebhook`: the account that has to be subscribed for statuses to come at all. */
  wabaId?: string
  /** For `registerWebhook`: what Meta repeats when it asks whether the address is ours. */
  verifyToken?: string
  /** Short ones make unknown fates, and an unknown one is never repeated. */
  deadlineMs?: number
  maxInFlight?: number
  /**
   * Of the 80 a second that a number has, replies and other senders take their part: 20 to 40 is where to begin.
   * A number that Meta raised to 1,000 takes more.
   */
  maxPerSecond?: number
  maxAnswerBytes?: number
  /** How the hosts of links are looked up; only tests differ. */
  resolve?: Resolve
}

export const CLOUD_API_URL = 'https://graph.facebook.com'
export const CLOUD_API_VERSION = 'v25.0'

const DEFAULT_DEADLINE_MS = 30_000
const DEFAULT_IN_FLIGHT = 16
const DEFAULT_PER_SECOND = 40
const CONTROL_DEADLINE_MS = 15_000
/** A document may have 100 MB. Sends do not wait so long: see `waitAtMost`. */
const UPLOAD_DEADLINE_MS = 300_000
const DEFAULT_MAX_ANSWER_BYTES = 65_536

/**
 * One WhatsApp number behind Meta's Cloud API. There is no idempotency key: what was sent twice arrives twice.
 * Throws `AppError('VALIDATION_FAILED')` when an option can never work.
 */
export function createCloudApiGateway(options: CloudApiOptions): Gateway {
  const wire = createWire(options)
  const media = new CloudApiMedia((file) => upload(wire, file), linkChecker(options.resolve))
  const { maxInFlight = DEFAULT_IN_FLIGHT, maxPerSecond = DEFAULT_PER_SECOND } = options
  return {
    limits: { deadlineMs: wire.deadlineMs, maxInFlight, maxPerSecond },
    isIdempotent: false,
    send: (...args) => send(wire, media, ...args),
    status: () => status(wire),
    // No call of the Cloud API says whether a number is on WhatsApp; 131026 after a send is how one finds out.
    checkNumbers: () => Promise.resolve([]),
    registerWebhook: (url) => registerWebhook(wire, options, url),
    close: () => wire.close(),
  }
}

type SendArgs = Parameters<Gateway['send']>

type Wire = {
  deadlineMs: number
  /** Path of the number, below which messages and media are. */
  number: string
  /** Path of any other object. */
  pathOf(id: string): string
  send(body: string, deadlineMs: number, signal: SendArgs[1], mayLeave: SendArgs[2]): Promise<Exchange>
  /** Everything but sends, on connections of its own: a question about the status does not wait behind a send. */
  ask(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Exchange>
  upload(file: UploadFile): Promise<Exchange>
  /** The text without the token, in case somebody's error page repeats our headers. */
  withoutToken(text: string): string
  close(): Promise<void>
}

function createWire(options: CloudApiOptions): Wire {
  const {
    deadlineMs = DEFAULT_DEADLINE_MS,
    maxAnswerBytes = DEFAULT_MAX_ANSWER_BYTES,
    maxInFlight = DEFAULT_IN_FLIGHT,
  } = options
  const { origin, prefix } = readAddress(options)
  const common = readHeaders(options.token)
  const json = [...common, 'content-type', 'application/json']
  const sends = createPool(origin, { connections: maxInFlight, deadlineMs })
  const questions = createPool(origin, { connections: 2, deadlineMs })
  const uploads = createPool(origin, { connections: 2, deadlineMs })
  const number = `${prefix}/${options.phoneNumberId}`
  return {
    deadlineMs,
    number,
    pathOf: (id) => `${prefix}/${id}`,
    send: (body, restMs, signal, mayLeave) =>
      exchange(
        sends,
        { method: 'POST', path: `${number}/messages`, headers: json, body },
        { deadlineMs: restMs, maxAnswerBytes },
        signal,
        mayLeave,
      ),
    ask: (method, path, body) => {
      const request: HttpRequest = {
        method,
        path,
        headers: json,
        body: body === undefined ? null : JSON.stringify(body),
      }
      return exchange(questions, request, { deadlineMs: Math.min(CONTROL_DEADLINE_MS, deadlineMs), maxAnswerBytes })
    },
    upload: (file) => {
      const { contentType, body } = renderUpload(file)
      const request: HttpRequest = {
        method: 'POST',
        path: `${number}/media`,
        headers: [...common, 'content-type', contentType],
        body,
      }
      return exchange(uploads, request, { deadlineMs: UPLOAD_DEADLINE_MS, maxAnswerBytes })
    },
    withoutToken: (text) => text.replaceAll(options.token, '[token]'),
    close: async () => {
      await Promise.all([sends.destroy(), questions.destroy(), uploads.destroy()])
    },
  }
}

function readAddress({ baseUrl = CLOUD_API_URL, version = CLOUD_API_VERSION, phoneNumberId, wabaId }: CloudApiOptions) {
  const address = checkHttpAddress(baseUrl)
  if ('refusal' in address) throw new AppError('VALIDATION_FAILED', { details: { field: 'baseUrl' } })
  if (!/^v\d{1,3}\.\d$/.test(version)) throw new AppError('VALIDATION_FAILED', { details: { field: 'version' } })
  for (const [name, id] of Object.entries({ phoneNumberId, wabaId })) {
    if (id !== undefined && !/^\d{5,25}$/.test(id))
      throw new AppError('VALIDATION_FAILED', { details: { field: name } })
  }
  const { origin, pathname } = address.url
  return { origin, prefix: `${pathname.replace(/\/+$/, '')}/${version}` }
}

/** A token that cannot stand in a header can never be right; found here it costs no recipient. */
function readHeaders(token: string): string[] {
  if (!BEARER_TOKEN.test(token)) throw new AppError('VALIDATION_FAILED', { details: { field: 'token' } })
  return ['authorization', `Bearer ${token}`, 'accept', 'application/json', 'accept-encoding', 'identity']
}

async function send(wire: Wire, media: CloudApiMedia, ...[message, signal, mayLeave]: SendArgs): Promise<SendOutcome> {
  const started = performance.now()
  const to = message.to.replace(/^\+/, '')
  if (!/^\d{5,20}$/.test(to)) return refuse('INVALID_NUMBER', 'UNPARSABLE_PHONE', 'The recipient is no phone number.')
  let body: string
  try {
    const found = media.find(message.content)
    const referenceOf = typeof found === 'function' ? found : await waitAtMost(found, wire.deadlineMs, signal)
    body = renderCloudSend({ ...message, to }, referenceOf)
  } catch (error) {
    if (error instanceof GatewayError) return { ok: false, failure: { ...error.failure, fate: 'notSent' } }
    return refuse('API_ERROR', 'UNRENDERABLE', 'The message could not be written as JSON.')
  }
  const restMs = Math.max(1, wire.deadlineMs - (performance.now() - started))
  return readOutcome(wire, await wire.send(body, restMs, signal, mayLeave))
}

function refuse(category: 'INVALID_NUMBER' | 'API_ERROR', code: string, message: string): SendOutcome {
  return { ok: false, failure: { ...verdict(category, code, { permanent: true }), notBefore: null, message } }
}

/** Only an answer with Meta's id of the message counts as accepted. Accepted is not delivered: that comes by webhook. */
function readOutcome(wire: Wire, result: Exchange): SendOutcome {
  const [first] = listOf(field(successBody(result), 'messages'))
  const gatewayId = textField(first, 'id') ?? ''
  return gatewayId === '' ? { ok: false, failure: failureOf(wire, result) } : { ok: true, gatewayId }
}

/** The object in a readable 2xx, else null. */
function successBody(result: Exchange): Record<string, unknown> | null {
  if (result.kind === 'lost' || result.status < 200 || result.status >= 300 || result.truncated) return null
  const body = parseJson(result.text)
  return isObject(body) ? body : null
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function failureOf(wire: Wire, result: Exchange): SendFailure {
  if (result.kind === 'lost') return classifyTransportError(result.error, result.requestWritten)
  const { status, text, headers } = result
  return classifySafely(status, () => classifyCloudAnswer(status, wire.withoutToken(text), headers))
}

/** Of everything but a send: there is no message that could have left. */
function fail(wire: Wire, result: Exchange): GatewayError {
  return new GatewayError({ ...failureOf(wire, result), fate: 'notSent' })
}

async function upload(wire: Wire, file: UploadFile): Promise<string> {
  const result = await wire.upload(file)
  const id = textField(successBody(result), 'id')
  if (id === null || !/^[\w.-]{1,128}$/.test(id)) throw fail(wire, result)
  return id
}

/** Fields that every version answers: one unknown field would fail the whole question. */
const STATUS_FIELDS = 'id,display_phone_number,status,quality_rating,throughput'
/** Asked apart, because older versions and some accounts do not know them. */
const RARE_FIELDS = 'id,health_status,whatsapp_business_manager_messaging_limit'

/** A number that is deleted or not ours is an answer here, a rejected token an error. */
async function status(wire: Wire): Promise<GatewayStatus> {
  const [result, rare] = await Promise.all([
    wire.ask('GET', `${wire.number}?fields=${STATUS_FIELDS}`),
    wire.ask('GET', `${wire.number}?fields=${RARE_FIELDS}`),
  ])
  const body = successBody(result)
  if (body !== null) return readStatus(body, successBody(rare))
  const failure = failureOf(wire, result)
  if (failure.category === 'DISCONNECTED') return { connected: false, loggedIn: false, number: null }
  throw fail(wire, result)
}

/** `CONNECTED` is the only status that can send, and Meta's own verdict over number, account and app may still be no. */
function readStatus(body: object, rare: object | null): GatewayStatus {
  const isBlocked = textField(field(rare, 'health_status'), 'can_send_message') === 'BLOCKED'
  const digits = (textField(body, 'display_phone_number') ?? '').replace(/\D/g, '')
  const rating = {
    quality: textField(body, 'quality_rating'),
    throughput: textField(field(body, 'throughput'), 'level'),
    messagingLimit: textField(rare, 'whatsapp_business_manager_messaging_limit'),
  }
  return {
    connected: textField(body, 'status') === 'CONNECTED' && !isBlocked,
    loggedIn: true,
    number: digits === '' ? null : digits,
    rating,
  }
}

/**
 * Subscribes the account and gives the number an address of its own; Meta asks there at once with the verify token,
 * so it must answer already. Signed is with the app's secret, which cannot be set from here.
 */
async function registerWebhook(wire: Wire, { verifyToken, wabaId }: CloudApiOptions, url: string): Promise<void> {
  if (verifyToken === undefined || wabaId === undefined) throw new GatewayError(NO_WEBHOOK_DATA)
  const subscribed = await wire.ask('POST', `${wire.pathOf(wabaId)}/subscribed_apps`, {})
  if (field(successBody(subscribed), 'success') !== true) throw fail(wire, subscribed)
  const webhook_configuration = { override_callback_uri: url, verify_token: verifyToken }
  const set = await wire.ask('POST', wire.number, { webhook_configuration })
  if (field(successBody(set), 'success') !== true) throw fail(wire, set)
}

const NO_WEBHOOK_DATA: SendFailure = {
  ...verdict('API_ERROR', 'WEBHOOK_BY_HAND', { permanent: true, scope: 'channel' }),
  notBefore: null,
  message: 'Without account id and verify token the webhook has to be set in the App Dashboard of Meta.',
}
