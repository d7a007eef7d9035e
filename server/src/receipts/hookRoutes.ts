import { createHash, randomBytes } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { findChannelsByIds } from '#server/channels/channelQueries.ts'
import type { ChannelRow } from '#server/channels/channelTables.ts'
import { verifyTokenOf, webhookKeyBinding } from '#server/channels/GatewayRegistry.ts'
import {
  answerCloudHandshake,
  splitCloudWebhook,
  verifyCloudSignature,
} from '#server/channels/gateways/cloudApiWebhook.ts'
import {
  parseWuzapiWebhook,
  tokenInWuzapiWebhook,
  verifyWuzapiSignature,
} from '#server/channels/gateways/wuzapiWebhook.ts'
import type { GatewayEvent } from '#server/channels/gateways/Gateway.ts'
import type { Db } from '#server/db/Database.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { RoutePlugin } from '#server/lib/http.ts'
import type { Log } from '#server/lib/logger.ts'
import { equalBytes, type SecretBox } from '#server/lib/SecretBox.ts'
import { HookAdmission, type Admitted } from './HookAdmission.ts'
import { hookBatcher } from './hookBatcher.ts'
import { inPieces, type ReceiptEvent } from './inPieces.ts'
import { WebhookInbox, type InboxRow } from './WebhookInbox.ts'

/** Meta's calls reach 3 MB (contracts/cloud-api.md). */
const MAX_BODY_BYTES = 4 * 1024 * 1024
/** So long a call waits to hear whether its address is ours; with the storing after it, less than 3 s. */
const LOOK_UP_MS = 1000
/** Messages that one row of the inbox speaks of; a call that reports on more becomes several rows. */
const MAX_RECEIPTS = 500
const PATH = '/api/hooks/:channelId/:secret'
const address = z.strictObject({ channelId: z.string(), secret: z.string() })

/** Rows of each kind that a call became. */
export type Stored = { receipts: number; connections: number }
export type HookRoutesDeps = { db: Db; box: SecretBox; onStored: (stored: Stored) => void }

type Headers = Record<string, string | string[] | undefined>
type Call = { channel: ChannelRow; admitted: Admitted }

/**
 * Where gateways report: the address holds a secret per channel, and where the gateway signs, the signature over the
 * raw bytes must fit too. What came is stored before it is answered; it is applied later, in batches. Of a flood only so
 * much comes in as can be carried; the rest is told to come again.
 */
export function hookRoutes(deps: HookRoutesDeps): RoutePlugin {
  return async (app) => {
    const admission = new HookAdmission()
    const inbox = new WebhookInbox(deps.db, app.log as Log)
    const channels = hookBatcher(app.log as Log, {
      work: (ids: string[]) => findChannelsByIds(deps.db, ids),
      waitMs: LOOK_UP_MS,
    })
    const calls = new WeakMap<FastifyRequest, Call>()
    const callOf = (request: FastifyRequest): Call => {
      const call = calls.get(request)
      if (call === undefined) throw new AppError('INTERNAL')
      return call
    }

    // Before the body is read: nobody without the address makes us keep a body in memory.
    app.addHook('onRequest', async (request, reply) => {
      const admitted = admission.enter()
      reply.raw.once('close', admitted.leave)
      const channel = await findAddressed(deps.box, channels, request.params, admission)
      calls.set(request, { admitted, channel })
      admitted.expectBody(channel.id, announcedBytes(request.headers))
    })
    app.addHook('preParsing', (request, reply, payload, done) => {
      const { admitted, channel } = callOf(request)
      payload.on('data', (chunk: Buffer) => {
        try {
          admitted.receive(channel.id, chunk.length)
        } catch (error) {
          reply.header('connection', 'close')
          // Whoever reads the body stops; the socket stays, so that the answer can still leave.
          if (payload.listenerCount('error') > 0) payload.emit('error', error)
        }
      })
      // At once: the reader must be there before the first bytes.
      done()
    })
    app.addHook('onResponse', async (request) => calls.get(request)?.admitted.leave())

    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES }, (_request, body, done) =>
      done(null, body),
    )
    app.post(
      PATH,
      {
        bodyLimit: MAX_BODY_BYTES,
        config: { access: 'webhook' },
        schema: { hide: true, params: address, response: { 200: z.object({ stored: z.number() }) } },
      },
      async (request) => {
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
        const { channel } = callOf(request)
        await checkSignature(deps.box, channel, body, request.headers)
        checkToken(deps.box, channel, body, request.headers)
        const events = readEvents(channel, body, request.headers).filter(isOfInterest)
        const rows = rowsOf(channel, body, events)
        await admission.timed(inbox.store(rows))
        const connections = rows.filter(({ isConnection }) => isConnection).length
        if (rows.length > 0) deps.onStored({ receipts: rows.length - connections, connections })
        return { stored: events.length }
      },
    )
    app.get(
      PATH,
      { config: { access: 'webhook' }, schema: { hide: true, params: address, response: { 200: z.string() } } },
      async (request, reply) => {
        const { channel } = callOf(request)
        const query = new URL(request.url, 'http://localhost').searchParams
        const challenge =
          channel.gateway === 'cloud' ? answerCloudHandshake(query, verifyTokenOf(deps.box, channel.id)) : null
        if (challenge === null) throw new AppError('WEBHOOK_REJECTED')
        return reply.type('text/plain; charset=utf-8').send(challenge)
      },
    )
  }
}

type Channels = { add: (id: string) => Promise<ChannelRow | undefined> }

/** The channel that the address speaks for. Throws NOT_FOUND for one that is not there, WEBHOOK_REJECTED for its secret. */
async function findAddressed(
  box: SecretBox,
  channels: Channels,
  params: unknown,
  admission: HookAdmission,
): Promise<ChannelRow> {
  const { channelId, secret } = address.parse(params)
  const channel = z.uuid().safeParse(channelId).success
    ? await admission.timed(channels.add(channelId.toLowerCase()))
    : undefined
  if (channel === undefined) throw new AppError('NOT_FOUND')
  if (!equalBytes(box.hash(secret, 'webhook-secret'), channel.webhook_secret_hash))
    throw new AppError('WEBHOOK_REJECTED')
  return channel
}

/** A body that does not say how long it is counts as the longest. */
function announcedBytes(headers: Headers): number {
  const announced = Number(headers['content-length'] ?? (headers['transfer-encoding'] === undefined ? 0 : Infinity))
  return Math.min(announced, MAX_BODY_BYTES)
}

async function checkSignature(box: SecretBox, channel: ChannelRow, body: Buffer, headers: Headers): Promise<void> {
  if (channel.webhook_key_ciphertext === null) return
  const key = await box.open(channel.webhook_key_ciphertext, webhookKeyBinding(channel.id))
  const [name, verify] =
    channel.gateway === 'cloud'
      ? (['x-hub-signature-256', verifyCloudSignature] as const)
      : (['x-hmac-signature', verifyWuzapiSignature] as const)
  const signature = headers[name]
  if (!verify(body, typeof signature === 'string' ? signature : undefined, key)) throw new AppError('WEBHOOK_REJECTED')
}

/** Old WuzAPIs prove themselves by the number's token, which then goes no further than here. */
function checkToken(box: SecretBox, channel: ChannelRow, body: Buffer, headers: Headers): void {
  if (channel.gateway === 'cloud') return
  const token = tokenInWuzapiWebhook(body, String(headers['content-type'] ?? ''))
  if (token === null || equalBytes(box.hash(token, 'channel-token'), channel.token_hash)) return
  throw new AppError('WEBHOOK_REJECTED')
}

function readEvents(channel: ChannelRow, body: Buffer, headers: Headers): GatewayEvent[] {
  if (channel.gateway !== 'cloud') return parseWuzapiWebhook(body, String(headers['content-type'] ?? ''))
  // One address of an app hears of all its numbers; each number has a channel of its own here.
  const ours = channel.settings.cloud?.phoneNumberId
  const parts = splitCloudWebhook(body).filter(({ phoneNumberId }) => phoneNumberId === null || phoneNumberId === ours)
  return parts.flatMap(({ events }) => events)
}

function isOfInterest(event: GatewayEvent): boolean {
  return isReceipt(event) ? event.messageIds.length > 0 : event.type === 'connection'
}

/**
 * A gateway repeats a call whose answer it did not see: the same bytes are one row while they wait. Not so where they are
 * about the number itself: gone, back and gone again comes in the same bytes and is news each time.
 */
function rowsOf(channel: ChannelRow, body: Buffer, events: GatewayEvent[]): InboxRow[] {
  const common = { userId: channel.user_id, channelId: channel.id }
  const connections = events.filter(({ type }) => type === 'connection')
  const pieces = inPieces(events.filter(isReceipt), MAX_RECEIPTS)
  const rows = pieces.map((piece, index) => {
    const dedupeKey = createHash('sha256').update(channel.id).update(body).update(String(index)).digest()
    return { ...common, ...piece, dedupeKey, isConnection: false }
  })
  if (connections.length === 0) return rows
  return [...rows, { ...common, events: connections, receipts: 0, dedupeKey: randomBytes(32), isConnection: true }]
}

function isReceipt(event: GatewayEvent): event is ReceiptEvent {
  return event.type === 'receipt'
}
