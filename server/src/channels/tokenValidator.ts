import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Db } from '#server/db/Database.ts'
import { AppError } from '#server/lib/AppError.ts'
import { actorOf, requireUser, type Actor } from '#server/lib/http.ts'
import type { SecretBox } from '#server/lib/SecretBox.ts'
import { findChannelsByToken, type OwnedChannel } from './channelQueries.ts'

declare const maySend: unique symbol

/** Somebody who may cause messages to leave: made here only, so that no route can send without having asked. */
export type Sender = Actor & { readonly [maySend]: true }

declare module 'fastify' {
  interface FastifyContextConfig {
    /** May cause messages to leave, now or later: its header `token`, where there is one, must be right. */
    sends?: true
  }
  interface FastifyRequest {
    /** The channels that the header `token` may name; null where there is no such header. */
    tokenChannels: readonly OwnedChannel[] | null
  }
}

/**
 * Holds the header `token` of every route with `config: { sends: true }` against the channels of whoever is signed in;
 * for an administrator against all. It never signs anybody in. Registered before any route; comes after the limits of
 * the routes, so that guesses count. A token that nobody has and somebody else's meet the same statement and the same answer.
 */
export function validateTokens(app: FastifyInstance, { db, box }: { db: Db; box: SecretBox }): void {
  app.decorateRequest('tokenChannels', null)
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.sends !== true || config.access === 'user' || config.access === 'admin') return
    throw new Error(`${String(method)} ${url} sends for people whom it does not know: let them sign in.`)
  })
  app.addHook('preHandler', async (request) => {
    if (request.routeOptions.config.sends !== true) return
    const token = tokenOf(request)
    if (token === null) return
    const { id, role } = requireUser(request)
    const found = await findChannelsByToken(db, box.hash(token, 'channel-token'), role === 'admin' ? null : id)
    if (found.length === 0) throw new AppError('CHANNEL_TOKEN_REJECTED')
    request.tokenChannels = found
  })
}

/**
 * Who sends something new, and on which channel: that of `channelId`, of the token, or of both. Throws CHANNEL_MISMATCH
 * where they name two, VALIDATION_FAILED where they name none or the token alone names several.
 */
export function senderOn(
  request: FastifyRequest,
  channelId: string | undefined,
): { sender: Sender; channelId: string } {
  const named = candidatesOf(request)
  if (named === null) {
    if (channelId === undefined) throw unnamed('Name the channel here, or by its token in the header `token`.')
    return { sender: toSender(request), channelId }
  }
  const channel = channelId === undefined ? onlyOne(request, named) : named.find(({ id }) => id === channelId)
  if (channel === undefined) throw new AppError('CHANNEL_MISMATCH')
  return { sender: toSender(request, channel.userId), channelId: channel.id }
}

/**
 * Who acts on what exists already and names its channel by itself. `findChannelOf` says which, among what these owners
 * have. Throws NOT_FOUND where they have no such thing, CHANNEL_MISMATCH where the token names another channel.
 */
export async function senderOf(
  request: FastifyRequest,
  findChannelOf: (ownerIds: string[]) => Promise<OwnedChannel | undefined>,
): Promise<Sender> {
  const named = candidatesOf(request)
  if (named === null) return toSender(request)
  const channel = await findChannelOf(named.map(({ userId }) => userId))
  if (channel === undefined) throw new AppError('NOT_FOUND')
  if (!named.some(({ id }) => id === channel.id)) throw new AppError('CHANNEL_MISMATCH')
  return toSender(request, channel.userId)
}

function candidatesOf(request: FastifyRequest): readonly OwnedChannel[] | null {
  const { config, url } = request.routeOptions
  if (config.sends !== true) throw new Error(`${url} sends and does not say so: add config: { sends: true }.`)
  return request.tokenChannels
}

function toSender(request: FastifyRequest, ownerId?: string): Sender {
  const actor = actorOf(request)
  return { ...actor, ownerId: ownerId ?? actor.ownerId } as Sender
}

/** One's own goes first: an administrator's token may be somebody else's, too. */
function onlyOne(request: FastifyRequest, named: readonly OwnedChannel[]): OwnedChannel {
  const { id } = requireUser(request)
  const own = named.filter(({ userId }) => userId === id)
  const [channel, another] = own.length > 0 ? own : named
  if (channel === undefined || another !== undefined) throw unnamed('The token is of several channels; name one here.')
  return channel
}

function unnamed(message: string): AppError {
  return new AppError('VALIDATION_FAILED', { details: [{ field: 'channelId', message }] })
}

/** As it was sent: HTTP hands bytes over as Latin-1. A repeated header is one value with a comma, which no channel has. */
function tokenOf({ headers: { token } }: FastifyRequest): string | null {
  return token === undefined ? null : Buffer.from(String(token), 'latin1').toString()
}
