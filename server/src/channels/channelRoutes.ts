import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { channel, channelStatus, createChannelBody, editChannelBody } from '#contract/channels.ts'
import { idParams, pageOf } from '#contract/common.ts'
import { rememberOf } from '#server/auth/idempotencyKeys.ts'
import { actorOf, requireUser, type RoutePlugin } from '#server/lib/http.ts'
import type { ChannelActor, ChannelService } from './ChannelService.ts'

const PATH = '/api/user/channels'

export type ChannelRoutesDeps = { channels: ChannelService }

/** A user's channels. No answer carries a token. */
export function channelRoutes({ channels }: ChannelRoutesDeps): RoutePlugin {
  const access = { config: { access: 'user' as const } }
  return async (app) => {
    app.get(
      PATH,
      { ...access, schema: { summary: 'List channels', response: { 200: pageOf(channel) } } },
      // A handful per user: one page.
      async (request) => ({ items: await channels.list(requireUser(request).id), nextCursor: null }),
    )
    app.post(
      PATH,
      {
        config: { ...access.config, creates: true },
        schema: { summary: 'Add a channel', body: createChannelBody, response: { 201: channel } },
      },
      async (request, reply) => {
        reply.code(201)
        return channels.create(channelActorOf(request), request.body, rememberOf(request))
      },
    )
    app.get(
      `${PATH}/:id`,
      { ...access, schema: { summary: 'One channel', params: idParams, response: { 200: channel } } },
      async (request) => channels.get(requireUser(request).id, request.params.id),
    )
    app.patch(
      `${PATH}/:id`,
      {
        ...access,
        schema: { summary: 'Change a channel', params: idParams, body: editChannelBody, response: { 200: channel } },
      },
      async (request) => channels.edit(channelActorOf(request), request.params.id, request.body),
    )
    app.delete(
      `${PATH}/:id`,
      {
        ...access,
        schema: { summary: 'Delete a channel and forget its token', params: idParams, response: { 204: z.null() } },
      },
      async (request, reply) => {
        await channels.delete(actorOf(request), request.params.id)
        return reply.code(204).send(null)
      },
    )
    app.get(
      `${PATH}/:id/status`,
      {
        ...access,
        schema: { summary: 'Ask the gateway how the channel is', params: idParams, response: { 200: channelStatus } },
      },
      async (request) => channels.status(requireUser(request).id, request.params.id),
    )
  }
}

function channelActorOf(request: FastifyRequest): ChannelActor {
  return { ...actorOf(request), role: requireUser(request).role }
}
