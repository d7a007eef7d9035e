import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { findChannelById } from '#server/channels/channelQueries.ts'
import type { ChannelRow } from '#server/channels/channelTables.ts'
import { verifyTokenOf, webhookKeyBinding } from '#server/channels/GatewayRegistry.ts'
import {
  answerCloudHandshake,
  splitCloudWebhook,
  verifyCloudSignature,
} from '#server/channels/gateways/cloudApiWebhook.ts'
import { parseWuzapiWebhook, verifyWuzapiSignature } from '#server/channels/gateways/wuzapiWebhook.ts'
import type { GatewayEvent } from '#server/channels/gateways/Gateway.ts'
import type { Db } from '#server/db/Database.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { RoutePlugin } from '#server/lib/http.ts'
import { equalBytes, type SecretBox } from '#server/lib/SecretBox.ts'

/** Meta's calls reach 3 MB (contracts/cloud-api.md). */
const MAX_BODY_BYTES = 4 * 1024 * 1024
const PATH = '/api/hooks/:channelId/:secret'
const address = z.strictObject({ channelId: z.string().max(100), secret: z.string().max(200) })

export type HookRoutesDeps = { db: Db; box: SecretBox; onStored: () => void }

type Headers = Record<string, string | string[] | undefined>

/**
 * Where gateways report: the address holds a secret per channel, and where the gateway signs, the signature over the
 * raw bytes must fit too. What came is stored before it is answered; it is applied later, in batches.
 */
export function hookRoutes(deps: HookRoutesDeps): RoutePlugin {
  return async (app) => {
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
        const channel = await findAddressed(deps, request.params)
        checkSignature(deps.box, channel, body, request.headers)
        const events = readEvents(channel, body, request.headers).filter(isOfInterest)
        await store(deps.db, channel, body, events)
        if (events.length > 0) deps.onStored()
        return { stored: events.length }
      },
    )
    app.get(
      PATH,
      { config: { access: 'webhook' }, schema: { hide: true, params: address, response: { 200: z.string() } } },
      async (request, reply) => {
        const channel = await findAddressed(deps, request.params)
        const query = new URL(request.url, 'http://localhost').searchParams
        const challenge =
          channel.gateway === 'cloud' ? answerCloudHandshake(query, verifyTokenOf(deps.box, channel.id)) : null
        if (challenge === null) throw new AppError('WEBHOOK_REJECTED')
        return reply.type('text/plain; charset=utf-8').send(challenge)
      },
    )
  }
}

/** The channel that the address speaks for. Throws WEBHOOK_REJECTED, the same for every reason. */
async function findAddressed({ db, box }: HookRoutesDeps, params: z.output<typeof address>): Promise<ChannelRow> {
  const isId = z.uuid().safeParse(params.channelId).success
  const channel = isId ? await findChannelById(db, params.channelId) : undefined
  const hash = box.hash(params.secret, 'webhook-secret')
  if (channel === undefined || !equalBytes(hash, channel.webhook_secret_hash)) throw new AppError('WEBHOOK_REJECTED')
  return channel
}

function checkSignature(box: SecretBox, channel: ChannelRow, body: Buffer, headers: Headers): void {
  if (channel.webhook_key_ciphertext === null) return
  const key = box.open(channel.webhook_key_ciphertext, webhookKeyBinding(channel.id))
  const [name, verify] =
    channel.gateway === 'cloud'
      ? (['x-hub-signature-256', verifyCloudSignature] as const)
      : (['x-hmac-signature', verifyWuzapiSignature] as const)
  const signature = headers[name]
  if (!verify(body, typeof signature === 'string' ? signature : undefined, key)) throw new AppError('WEBHOOK_REJECTED')
}

function readEvents(channel: ChannelRow, body: Buffer, headers: Headers): GatewayEvent[] {
  if (channel.gateway !== 'cloud') return parseWuzapiWebhook(body, String(headers['content-type'] ?? ''))
  // One address of an app hears of all its numbers; each number has a channel of its own here.
  const ours = channel.settings.cloud?.phoneNumberId
  const parts = splitCloudWebhook(body).filter(({ phoneNumberId }) => phoneNumberId === null || phoneNumberId === ours)
  return parts.flatMap(({ events }) => events)
}

function isOfInterest(event: GatewayEvent): boolean {
  return event.type === 'receipt' ? event.messageIds.length > 0 : event.type === 'connection'
}

/**
 * A gateway repeats a call whose answer it did not see: the same bytes are one row while they wait. Not so where they are
 * about the number itself: gone, back and gone again comes in the same bytes and is news each time.
 */
async function store(db: Db, channel: ChannelRow, body: Buffer, events: GatewayEvent[]): Promise<void> {
  const { connection = [], receipt = [] } = Object.groupBy(events, ({ type }) => type)
  const common = { user_id: channel.user_id, channel_id: channel.id }
  const dedupe_key = createHash('sha256').update(channel.id).update(body).digest()
  const rows = [
    { ...common, events: receipt, dedupe_key, is_connection: false },
    { ...common, events: connection, dedupe_key: randomBytes(32), is_connection: true },
  ].filter((row) => row.events.length > 0)
  if (rows.length === 0) return
  await db
    .insertInto('webhook_inbox')
    .values(rows.map((row) => ({ ...row, events: JSON.stringify(row.events) })))
    .onConflict((conflict) => conflict.column('dedupe_key').doNothing())
    .execute()
}
