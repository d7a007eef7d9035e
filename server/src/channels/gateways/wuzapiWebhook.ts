import { createHmac, timingSafeEqual } from 'node:crypto'
import { AppError } from '#server/lib/AppError.ts'
import type { GatewayEvent } from './Gateway.ts'
import { field, isObject, parseJson, textField, type JsonObject } from './gatewayJson.ts'

/**
 * What one call of WuzAPI tells us, as flat JSON or as a form with the JSON in `jsonData`. Whatever is not acted on
 * comes as `other` with its name. Throws `AppError('MALFORMED_REQUEST')` when the body is neither.
 */
export function parseWuzapiWebhook(rawBody: Buffer, contentType: string): GatewayEvent[] {
  const payload = readPayload(rawBody.toString(), contentType)
  const name = textField(payload, 'type') ?? ''
  const event = field(payload, 'event')
  return [name === 'ReadReceipt' ? receipt(payload, event) : (connection(name, event) ?? other(name))]
}

/**
 * The token of the number, which WuzAPI put beside the event until late in 2025 (contracts/wuzapi.md 6.2); null when
 * there is none. Compare it, and keep it nowhere.
 */
export function tokenInWuzapiWebhook(rawBody: Buffer, contentType: string): string | null {
  if (!rawBody.includes('token')) return null
  const text = rawBody.toString()
  if (!isForm(text, contentType)) return textField(parseJson(text), 'token')
  return new URLSearchParams(text).get('token')
}

/**
 * Whether `header` is the lower-case hex HMAC-SHA256 of these very bytes. Takes the same time wherever they differ, and
 * an empty key never matches. Never throws.
 */
export function verifyWuzapiSignature(rawBody: Buffer, header: string | undefined, hmacKey: string): boolean {
  if (typeof header !== 'string' || hmacKey === '') return false
  const expected = Buffer.from(createHmac('sha256', hmacKey).update(rawBody).digest('hex'))
  const given = Buffer.from(header)
  return given.length === expected.length && timingSafeEqual(given, expected)
}

function readPayload(text: string, contentType: string): JsonObject {
  const payload = parseJson(isForm(text, contentType) ? (new URLSearchParams(text).get('jsonData') ?? text) : text)
  if (!isObject(payload)) throw new AppError('MALFORMED_REQUEST')
  return payload
}

/** The body itself decides between the two forms, because a proxy may rewrite the content type. */
function isForm(text: string, contentType: string): boolean {
  const mayBe = /x-www-form-urlencoded/i.test(contentType) || !/json/i.test(contentType)
  return mayBe && !text.trimStart().startsWith('{')
}

function receipt(payload: JsonObject, event: unknown): GatewayEvent {
  const state = receiptState(payload, event)
  const messageIds = readMessageIds(field(event, 'MessageIDs'))
  // From our own other devices: it says what we read, not what the recipient did.
  const isOurs = field(event, 'IsFromMe') === true
  if (state === null || messageIds.length === 0 || isOurs) return other('ReadReceipt')
  return { type: 'receipt', messageIds, state, at: readInstant(field(event, 'Timestamp')) }
}

/** `state` as WuzAPI words it, or else the receipt's own type, which is empty for a delivery. */
function receiptState(payload: JsonObject, event: unknown): 'delivered' | 'read' | null {
  const state = (textField(payload, 'state') ?? textField(event, 'Type') ?? 'unknown').toLowerCase()
  if (state === 'delivered' || state === '') return 'delivered'
  return state === 'read' ? 'read' : null
}

/** Ids are ours and short; what else stands there cannot be one, and PostgreSQL would refuse its control characters. */
function readMessageIds(value: unknown): string[] {
  const texts = (Array.isArray(value) ? value : []).filter((id) => typeof id === 'string')
  return [...new Set(texts.filter((id) => /^[\x21-\x7e]{1,128}$/.test(id)))]
}

/** No receipt is older than WhatsApp. Go writes an unset time as the year 1. */
const FIRST_INSTANT = Date.UTC(2009, 0, 1)
/** Seconds reach this in the year 5138; a larger number is milliseconds. */
const LARGEST_SECONDS = 1e11

/** RFC 3339, unix seconds or milliseconds; without a usable one, now. */
function readInstant(value: unknown): Date {
  const isDigits = typeof value === 'string' && /^\d{9,14}$/.test(value)
  const number = isDigits ? Number(value) : value
  const at =
    typeof number === 'number'
      ? new Date(number > LARGEST_SECONDS ? number : number * 1000)
      : new Date(typeof value === 'string' ? value : Number.NaN)
  return at.getTime() >= FIRST_INSTANT ? at : new Date()
}

/** The session events after which nothing can be sent, or can again. Null for every other event. */
function connection(name: string, event: unknown): GatewayEvent | null {
  switch (name) {
    case 'Connected':
      return { type: 'connection', state: 'connected', until: null }
    case 'Disconnected':
    case 'ConnectFailure':
    case 'StreamError':
    case 'StreamReplaced':
    case 'ClientOutdated':
      return { type: 'connection', state: 'disconnected', until: null }
    case 'LoggedOut':
    case 'QRTimeout':
      return { type: 'connection', state: 'logged_out', until: null }
    case 'TemporaryBan':
      return { type: 'connection', state: 'banned', until: banEnd(field(event, 'Expire')) }
    default:
      return null
  }
}

/** `Expire` counts nanoseconds from now. */
function banEnd(expire: unknown): Date | null {
  if (typeof expire !== 'number' || !(expire > 0)) return null
  const end = new Date(Date.now() + expire / 1e6)
  return Number.isNaN(end.getTime()) ? null : end
}

function other(name: string): GatewayEvent {
  return { type: 'other', name: /^\w{1,64}$/.test(name) ? name : 'unknown' }
}
