import { randomBytes } from 'node:crypto'
import { BEARER_TOKEN, type CreateChannelBody, type EditChannelBody } from '#contract/channels.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { ChannelRow, ChannelSettings } from './channelTables.ts'
import { CLOUD_API_URL } from './gateways/cloudApi.ts'

/** How a channel reaches its gateway and is recognised by it, whatever the gateway calls these things. */
export type GatewayAccess = {
  baseUrl: string | null
  token: string
  /** The gateway signs its webhooks with it; null where it does not. */
  webhookKey: string | null
  settings: ChannelSettings
}

/** A sandbox channel gets its token and key from us: nobody has to know them. */
export function accessOf(body: CreateChannelBody): GatewayAccess {
  if (body.gateway === 'sandbox') {
    const secret = () => randomBytes(24).toString('base64url')
    return { baseUrl: null, token: secret(), webhookKey: secret(), settings: { sandbox: body.sandbox ?? {} } }
  }
  if (body.gateway === 'wuzapi') {
    return { baseUrl: trimmed(body.baseUrl), token: body.token, webhookKey: body.webhookKey ?? null, settings: {} }
  }
  const { phoneNumberId, wabaId } = body
  return {
    baseUrl: body.baseUrl === undefined ? null : trimmed(body.baseUrl),
    token: body.token,
    webhookKey: body.appSecret,
    settings: { cloud: { phoneNumberId, ...(wabaId === undefined ? {} : { wabaId }) } },
  }
}

/** An address without the slashes at its end. */
export function trimmed(baseUrl: string): string {
  return baseUrl.replace(/\/+$/, '')
}

const FOREIGN_FIELDS = {
  sandbox: ['baseUrl', 'token', 'webhookKey', 'appSecret'],
  wuzapi: ['sandbox', 'appSecret'],
  cloud: ['sandbox', 'webhookKey'],
} as const

/** Throws UNPROCESSABLE for a change of something that this gateway does not have. */
export function refuseForeignFields(row: ChannelRow, body: EditChannelBody): void {
  const field = FOREIGN_FIELDS[row.gateway].find((name) => body[name] !== undefined)
  if (field === undefined) return
  throw new AppError('UNPROCESSABLE', { details: [{ field, message: `A channel on ${row.gateway} has no ${field}.` }] })
}

/** Throws UNPROCESSABLE for a token that this gateway can never be told; the contract does not know which one it is. */
export function requireTellableToken(row: ChannelRow, { token }: EditChannelBody): void {
  if (token === undefined || row.gateway !== 'cloud' || BEARER_TOKEN.test(token)) return
  throw new AppError('UNPROCESSABLE', {
    details: [{ field: 'token', message: 'A token has plain characters only, without spaces.' }],
  })
}

/**
 * Secrets go to the origin that they were entered for: another one needs them anew, or whoever may edit a channel could
 * have them sent to an address of theirs. Throws UNPROCESSABLE with a field for each that is missing.
 */
export function requireSecretsOfNewOrigin(row: ChannelRow, body: EditChannelBody): void {
  if (body.baseUrl === undefined || originOf(body.baseUrl) === originOf(row.base_url ?? CLOUD_API_URL)) return
  // The Cloud API is never told the key that signs its webhooks; WuzAPI is.
  const isKeyTold = row.gateway === 'wuzapi' && row.webhook_key_ciphertext !== null
  const fields = (isKeyTold ? (['token', 'webhookKey'] as const) : (['token'] as const)).filter(
    (field) => body[field] === undefined,
  )
  if (fields.length === 0) return
  const message = 'Another address needs it in the same request: what is stored is not sent there.'
  throw new AppError('UNPROCESSABLE', { details: fields.map((field) => ({ field, message })) })
}

function originOf(baseUrl: string): string {
  return new URL(baseUrl).origin
}
