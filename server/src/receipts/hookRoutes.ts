import { createHash } from 'node:crypto'
import { z } from 'zod'
import { findChannelById } from '#server/channels/channelQueries.ts'
import { webhookKeyBinding } from '#server/channels/GatewayRegistry.ts'
import { parseWuzapiWebhook, verifyWuzapiSignature } from '#server/channels/gateways/wuzapiWebhook.ts'
import type { GatewayEvent } from '#server/channels/gateways/Gateway.ts'
import type { Db } from '#server/db/Database.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { RoutePlugin } from '#server/lib/http.ts'
import { equalBytes, type SecretBox } from '#server/lib/SecretBox.ts'

const MAX_BODY_BYTES = 2 * 1024 * 1024

export type HookRoutesDeps = { db: Db; box: SecretBox; onStored: () => void }

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
      '/api/hooks/:channelId/:secret',
      {
        bodyLimit: MAX_BODY_BYTES,
        config: { access: 'webhook' },
        schema: {
          hide: true,
          params: z.strictObject({ channelId: z.string().max(100), secret: z.string().max(200) }),
          response: { 200: z.object({ stored: z.number() }) },
        },
      },
      async (request) => {
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
        const signature = request.headers['x-hmac-signature']
        const channel = await authenticate(
          deps,
          request.params,
          body,
          typeof signature === 'string' ? signature : undefined,
        )
        const events = parseWuzapiWebhook(body, request.headers['content-type'] ?? '').filter(isOfInterest)
        await store(deps.db, channel, body, events)
        if (events.length > 0) deps.onStored()
        return { stored: events.length }
      },
    )
  }
}

/** The channel that the address and the signature speak for. Throws WEBHOOK_REJECTED, the same for every reason. */
async function authenticate(
  { db, box }: HookRoutesDeps,
  params: { channelId: string; secret: string },
  body: Buffer,
  signature: string | undefined,
): Promise<{ id: string; userId: string }> {
  const isId = z.uuid().safeParse(params.channelId).success
  const channel = isId ? await findChannelById(db, params.channelId) : undefined
  const hash = box.hash(params.secret, 'webhook-secret')
  if (channel === undefined || !equalBytes(hash, channel.webhook_secret_hash)) throw new AppError('WEBHOOK_REJECTED')
  if (channel.webhook_key_ciphertext !== null) {
    const key = box.open(channel.webhook_key_ciphertext, webhookKeyBinding(channel.id))
    if (!verifyWuzapiSignature(body, signature, key)) throw new AppError('WEBHOOK_REJECTED')
  }
  return { id: channel.id, userId: channel.user_id }
}

function isOfInterest(event: GatewayEvent): boolean {
  return event.type === 'receipt' ? event.messageIds.length > 0 : event.type === 'connection'
}

/** A gateway repeats a call whose answer it did not see: the same bytes are one row while they wait. */
async function store(
  db: Db,
  channel: { id: string; userId: string },
  body: Buffer,
  events: GatewayEvent[],
): Promise<void> {
  if (events.length === 0) return
  await db
    .insertInto('webhook_inbox')
    .values({
      user_id: channel.userId,
      channel_id: channel.id,
      dedupe_key: createHash('sha256').update(channel.id).update(body).digest(),
      events: JSON.stringify(events),
    })
    .onConflict((conflict) => conflict.column('dedupe_key').doNothing())
    .execute()
}
