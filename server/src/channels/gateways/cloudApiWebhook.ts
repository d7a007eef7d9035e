import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { AppError } from '#server/lib/AppError.ts'
import type { GatewayEvent } from './Gateway.ts'
import { classifyCloudError } from './cloudApiFailures.ts'
import { isObject, parseJson, textField, type JsonObject } from './gatewayJson.ts'

/**
 * Whether `header` (`X-Hub-Signature-256`) is `sha256=` and the lower-case hex HMAC-SHA256 of these very bytes, not of
 * the JSON in them: Meta signs text with `\u00e4` escapes. Takes the same time wherever they differ, and an empty
 * secret never matches. Never throws.
 */
export function verifyCloudSignature(rawBody: Buffer, header: string | undefined, appSecret: string): boolean {
  if (typeof header !== 'string' || appSecret === '') return false
  const expected = Buffer.from(`sha256=${createHmac('sha256', appSecret).update(rawBody).digest('hex')}`)
  const given = Buffer.from(header)
  return given.length === expected.length && timingSafeEqual(given, expected)
}

/**
 * What to answer to Meta's question whether an address is ours (`GET …?hub.mode=subscribe&…`): the challenge, as the
 * plain body under 200, or null, for 403, when the verify token is not ours. An empty token never matches.
 */
export function answerCloudHandshake(query: URLSearchParams, verifyToken: string): string | null {
  const challenge = query.get('hub.challenge') ?? ''
  const isOurs = query.get('hub.mode') === 'subscribe' && isSameSecret(query.get('hub.verify_token') ?? '', verifyToken)
  // Meta's are digits. Whatever else somebody wants repeated under our address is not.
  return isOurs && /^[\w.-]{1,256}$/.test(challenge) ? challenge : null
}

/** Hashed first, so that not even the length can be measured. */
function isSameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return expected !== '' && timingSafeEqual(digest(given), digest(expected))
}

/** `phoneNumberId` null: about the account or all of its numbers. */
export type CloudWebhookPart = { phoneNumberId: string | null; events: GatewayEvent[] }

/**
 * What one call of Meta tells us, in its order; up to 1,000 updates come together, of all numbers of an account.
 * Whatever is not acted on, incoming messages too, comes as `other` with its name.
 * Throws `AppError('MALFORMED_REQUEST')` when the body is no JSON object; odd parts of one are `other`.
 */
export function parseCloudWebhook(rawBody: Buffer): GatewayEvent[] {
  return splitCloudWebhook(rawBody).flatMap(({ events }) => events)
}

/** The same, told apart by the number concerned: Meta sends everything of an app to one address unless told otherwise. */
export function splitCloudWebhook(rawBody: Buffer): CloudWebhookPart[] {
  const payload = parseJson(rawBody.toString())
  if (!isObject(payload)) throw new AppError('MALFORMED_REQUEST')
  if (payload['object'] !== 'whatsapp_business_account') return [{ phoneNumberId: null, events: [other('unknown')] }]
  return objectsIn(payload['entry']).flatMap((entry) => objectsIn(entry['changes']).map(readChange))
}

function readChange({ field, value }: JsonObject): CloudWebhookPart {
  const name = typeof field === 'string' ? field : 'unknown'
  const content = isObject(value) ? value : {}
  const metadata = isObject(content['metadata']) ? content['metadata'] : {}
  const phoneNumberId = textField(metadata, 'phone_number_id')
  if (name === 'messages') return { phoneNumberId, events: readMessages(content) }
  if (name === 'account_update') return { phoneNumberId, events: [readAccountUpdate(content)] }
  const event = textField(content, 'event')
  return { phoneNumberId, events: [other(event === null ? name : `${name}:${event}`)] }
}

function readMessages(value: JsonObject): GatewayEvent[] {
  const statuses = objectsIn(value['statuses']).map(readStatus)
  const incoming = objectsIn(value['messages']).map((message) =>
    other(`message:${textField(message, 'type') ?? 'unknown'}`),
  )
  const errors = objectsIn(value['errors']).map(({ code }) => other(`error:${String(code)}`))
  return [...statuses, ...incoming, ...errors]
}

function readStatus(status: JsonObject): GatewayEvent {
  const gatewayId = readId(status['id'], 256)
  const messageId = readId(status['biz_opaque_callback_data'], 512) ?? gatewayId
  const state = textField(status, 'status') ?? ''
  if (messageId === null) return other(`status:${state}`)
  const common = {
    messageIds: [messageId],
    at: readInstant(status['timestamp']),
    ...(gatewayId === null ? {} : { gatewayId }),
  }
  switch (state) {
    case 'sent':
    case 'delivered':
    case 'read':
      return { type: 'receipt', state, ...common }
    // A voice note that was listened to.
    case 'played':
      return { type: 'receipt', state: 'read', ...common }
    case 'failed':
      return { type: 'receipt', state, failure: classifyCloudError(objectsIn(status['errors'])[0]), ...common }
    default:
      return other(`status:${state}`)
  }
}

/** Printable and short, or null; PostgreSQL would refuse control characters. */
function readId(value: unknown, maxLength: number): string | null {
  return typeof value === 'string' && value.length <= maxLength && /^[\x21-\x7e]+$/.test(value) ? value : null
}

/** No message is older than WhatsApp, and Unix seconds have ten digits until the year 2286. */
const FIRST_SECOND = Date.UTC(2009, 0, 1) / 1000

/** Unix seconds, as text or number; without usable ones, now. */
function readInstant(value: unknown): Date {
  const seconds = typeof value === 'string' && /^\d{10}$/.test(value) ? Number(value) : value
  const isUsable = typeof seconds === 'number' && seconds >= FIRST_SECOND && seconds < 1e10
  return isUsable ? new Date(seconds * 1000) : new Date()
}

/** What a restricted account may not do any more, as far as it is sending. */
const SENDING_RESTRICTIONS = new Set([
  'RESTRICTED_BIZ_INITIATED_MESSAGING',
  'RESTRICTED_CUSTOMER_INITIATED_MESSAGING',
  'RESTRICTED_UTILITY_TEMPLATES',
])

/** Violation, restriction and disabling end all sending of the account; Meta's ladder only gets steeper for who goes on. */
function readAccountUpdate(value: JsonObject): GatewayEvent {
  const name = textField(value, 'event') ?? 'unknown'
  switch (name) {
    case 'ACCOUNT_VIOLATION':
      return { type: 'connection', state: 'banned', until: null }
    case 'ACCOUNT_RESTRICTION':
      return readRestriction(value)
    case 'DISABLED_UPDATE': {
      const ban = isObject(value['ban_info']) ? textField(value['ban_info'], 'waba_ban_state') : null
      return ban === 'REINSTATE'
        ? { type: 'connection', state: 'connected', until: null }
        : { type: 'connection', state: 'banned', until: null }
    }
    case 'ACCOUNT_DELETED':
    case 'PARTNER_REMOVED':
      return { type: 'connection', state: 'logged_out', until: null }
    case 'ACCOUNT_OFFBOARDED':
      return { type: 'connection', state: 'disconnected', until: null }
    case 'ACCOUNT_RECONNECTED':
      return { type: 'connection', state: 'connected', until: null }
    default:
      return other(`account_update:${name}`)
  }
}

/** `until` is the end of the longest restriction; null when one has no end that can be read. */
function readRestriction(value: JsonObject): GatewayEvent {
  const restrictions = objectsIn(value['restriction_info']).filter((info) =>
    SENDING_RESTRICTIONS.has(String(info['restriction_type'])),
  )
  if (restrictions.length === 0) return other('account_update:ACCOUNT_RESTRICTION')
  const ends = restrictions.map(({ expiration }) => Number(expiration))
  const isKnown = ends.every((seconds) => seconds >= FIRST_SECOND && seconds < 1e10)
  return { type: 'connection', state: 'banned', until: isKnown ? new Date(Math.max(...ends) * 1000) : null }
}

function objectsIn(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

function other(name: string): GatewayEvent {
  return { type: 'other', name: /^[\w:]{1,100}$/.test(name) ? name : 'unknown' }
}
