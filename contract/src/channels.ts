import { z } from 'zod'
import { id, instant } from './common.ts'

export const GATEWAYS = ['wuzapi', 'cloud', 'sandbox'] as const
export type GatewayName = (typeof GATEWAYS)[number]

/** The longest pause a channel may ask for between two messages: one hour. */
const delayMs = z.int().min(0).max(3_600_000)

const dailyCap = z.int().min(1).max(1_000_000).nullable()

const common = {
  name: z.string().trim().min(1).max(80),
  /** The least pause between two messages of this number, in milliseconds. */
  minDelay: delayMs.optional(),
  /** The most messages that may leave in a day of `timeZone`; null is no limit. Campaigns wait for the next day. */
  dailyCap: dailyCap.optional(),
  timeZone: z.string().min(1).max(60).optional(),
}

/** How the pretend gateway behaves; all optional, all changeable while it runs. */
export const sandboxBehaviour = z.strictObject({
  latencyMinMs: z.int().min(0).max(60_000).optional(),
  latencyMaxMs: z.int().min(0).max(60_000).optional(),
  /** Share of numbers that are not on WhatsApp, 0 to 1. */
  notOnWhatsapp: z.number().min(0).max(1).optional(),
  /** Share of sends that fail once with a transient error, 0 to 1. */
  transientErrors: z.number().min(0).max(1).optional(),
  /** Share of accepted messages that get a `Delivered` receipt, 0 to 1. */
  delivered: z.number().min(0).max(1).optional(),
  /** Share of delivered messages that get a `Read` receipt, 0 to 1. */
  read: z.number().min(0).max(1).optional(),
  /** How many requests of this number may be under way at once. WuzAPI serialises: 1. */
  maxInFlight: z.int().min(1).max(64).optional(),
  /** Messages a minute before it answers with a rate limit; 0 is none. */
  rateLimitPerMinute: z.int().min(0).max(1_000_000).optional(),
})
export type SandboxBehaviour = z.infer<typeof sandboxBehaviour>

/**
 * Where a gateway answers; it may have a path of its own. A user name, a query or a fragment would not be sent, and could
 * make the address look like another one.
 */
const gatewayUrl = z
  .url({ protocol: /^https?$/ })
  .max(500)
  .refine(isBare, 'Write the address without a user name, a query or a fragment.')

function isBare(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null
  return url !== null && url.username === '' && url.password === '' && !/[?#]/.test(text)
}

/** Tokens travel in a header. WuzAPI takes spaces within one, a bearer token (RFC 6750) has none. */
export const HEADER_TOKEN = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/
export const BEARER_TOKEN = /^[\x21-\x7e]+$/
/** An object of Meta's Graph API. */
const graphId = z.string().regex(/^\d{5,25}$/)

const headerToken = z.string().regex(HEADER_TOKEN, 'A token has plain characters only.')
const bearerToken = z.string().regex(BEARER_TOKEN, 'A token has plain characters only, without spaces.')

export const createChannelBody = z.discriminatedUnion('gateway', [
  z.strictObject({
    ...common,
    gateway: z.literal('wuzapi'),
    baseUrl: gatewayUrl,
    token: headerToken.min(8).max(256),
    /** Key that the gateway signs its webhooks with, 32 characters or more. */
    webhookKey: z.string().min(32).max(256).optional(),
  }),
  z.strictObject({
    ...common,
    gateway: z.literal('cloud'),
    /** Of a system user, with whatsapp_business_messaging. */
    token: bearerToken.min(8).max(1024),
    phoneNumberId: graphId,
    /** WhatsApp Business Account; with it the webhook registers itself. */
    wabaId: graphId.optional(),
    /** The app's secret: Meta signs its webhooks with it. */
    appSecret: z.string().min(16).max(256),
    /** Another address than Meta's own, for a simulator or a proxy. */
    baseUrl: gatewayUrl.optional(),
  }),
  z.strictObject({ ...common, gateway: z.literal('sandbox'), sandbox: sandboxBehaviour.optional() }),
])
export type CreateChannelBody = z.infer<typeof createChannelBody>

export const editChannelBody = z
  .strictObject({
    name: common.name.optional(),
    minDelay: delayMs.optional(),
    dailyCap: common.dailyCap,
    timeZone: common.timeZone,
    baseUrl: gatewayUrl.optional(),
    token: headerToken.min(8).max(1024).optional(),
    webhookKey: z.string().min(32).max(256).optional(),
    appSecret: z.string().min(16).max(256).optional(),
    sandbox: sandboxBehaviour.optional(),
  })
  .refine((body) => Object.keys(body).length > 0, 'Name at least one field to change.')
export type EditChannelBody = z.infer<typeof editChannelBody>

/** Ready to send = connected and logged in. `unreachable`: the gateway did not answer. */
export const CHANNEL_STATUSES = [
  'unknown',
  'ready',
  'disconnected',
  'logged_out',
  'unauthorized',
  'unreachable',
] as const
export type ChannelStatus = (typeof CHANNEL_STATUSES)[number]

/** A channel as the API shows it. The token never leaves the server. */
export const channel = z.object({
  id,
  name: z.string(),
  gateway: z.enum(GATEWAYS),
  baseUrl: z.string().nullable(),
  minDelay: z.number(),
  dailyCap: z.number().nullable(),
  timeZone: z.string(),
  status: z.enum(CHANNEL_STATUSES),
  statusCheckedAt: instant.nullable(),
  createdAt: instant,
})
export type Channel = z.infer<typeof channel>

/** `GET /api/user/channels/:id/status`: asked from the gateway at that moment. */
export const channelStatus = z.object({
  status: z.enum(CHANNEL_STATUSES),
  connected: z.boolean(),
  loggedIn: z.boolean(),
  /** The WhatsApp number behind the channel, digits only, once paired. */
  number: z.string().nullable(),
  checkedAt: instant,
})
export type ChannelStatusAnswer = z.infer<typeof channelStatus>

/** `POST /api/user/channels/:id/connect`. `connecting`: ask for its code, or for its status, until that is ready. */
export const channelConnection = z.object({ state: z.enum(['connecting', 'connected']) })
export type ChannelConnection = z.infer<typeof channelConnection>

/**
 * `GET /api/user/channels/:id/qr`, asked again every few seconds while it says `waiting` (then `qr` may still be null for
 * a moment). `expired`: connect again for a new code. `unsupported`: this gateway pairs elsewhere.
 */
export const channelQr = z.object({
  state: z.enum(['waiting', 'connected', 'expired', 'unsupported']),
  /** A picture: `data:image/png;base64,…` */
  qr: z.string().nullable(),
  /** At most; where the gateway does not say since when it shows the code. */
  expiresInSeconds: z.number().nullable(),
})
export type ChannelQr = z.infer<typeof channelQr>
