import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Claim, claimCreation } from '#server/auth/idempotencyKeys.ts'
import type { Db } from '#server/db/Database.ts'
import { AppError } from '#server/lib/AppError.ts'
import { requireUser } from '#server/lib/http.ts'
import type { SecretBox } from '#server/lib/SecretBox.ts'

/** Visible ASCII; a UUID has 36 characters. */
const KEY_SHAPE = /^[\x21-\x7e]{1,255}$/

/**
 * `Idempotency-Key` on every route with `config: { creates }`: the same request again gets the same answer, and
 * nothing is created twice. Comes before validation and before the limits of the routes: a repeat must not be turned
 * away for being one too many. Registered before any route.
 */
export function answerRepeats(app: FastifyInstance, { db, box }: { db: Db; box: SecretBox }): void {
  app.decorateRequest('claim', null)
  app.addHook('preValidation', async (request, reply) => {
    const created = createdStatus(request)
    const key = created === null ? null : keyOf(request)
    if (key === null || created === null) return
    const { id: userId, via } = requireUser(request)
    const { method, params, body } = request
    const route = `${method} ${request.routeOptions.url}`
    // How one signed in counts, because some things only a session may create: a key must not fetch their answers. So
    // does a token, which names a channel.
    const content = toStableJson({ via, params, body, token: request.headers['token'], length: fileLength(request) })
    const claimed = await claimCreation(db, box, { userId, route, key, content })
    if (claimed instanceof Claim) request.claim = claimed
    else return reply.code(created).header('idempotency-replayed', 'true').send(claimed.answer)
  })
  app.addHook('preSerialization', async (request, reply, payload: unknown) => {
    if (reply.statusCode === createdStatus(request) && typeof payload === 'object' && payload !== null) {
      await request.claim?.finish(payload)
    }
    return payload
  })
  app.addHook('onError', async (request) => {
    // A claim that cannot be given back runs out by itself.
    await request.claim?.release().catch((error: unknown) => request.log.warn({ err: error }, 'claim not released'))
  })
}

/** What the route answers when it has created something; null for one that does not create. */
function createdStatus({ routeOptions: { config } }: FastifyRequest): number | null {
  if (config.creates === undefined) return null
  return config.creates === true ? 201 : config.creates
}

/** A file is not read before its upload is claimed: its length has to tell it from another one. */
function fileLength({ routeOptions: { config }, headers }: FastifyRequest): string | undefined {
  return config.receives === 'file' ? headers['content-length'] : undefined
}

function keyOf(request: FastifyRequest): string | null {
  const key = request.headers['idempotency-key']
  if (key === undefined) return null
  if (typeof key === 'string' && KEY_SHAPE.test(key)) return key
  const message = 'is not 1 to 255 visible ASCII characters'
  throw new AppError('VALIDATION_FAILED', { details: [{ field: 'Idempotency-Key', message }] })
}

/** JSON in which the order of fields does not matter. The body's depth is limited where it is read. */
function toStableJson(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part
    return Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  })
}
