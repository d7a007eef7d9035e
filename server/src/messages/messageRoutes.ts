import { idParams, pageOf, pageQuery } from '#contract/common.ts'
import { sendMessageBody, singleMessage } from '#contract/messages.ts'
import { rememberOf } from '#server/auth/idempotencyKeys.ts'
import { senderFor } from '#server/campaigns/senderFor.ts'
import { senderOn } from '#server/channels/tokenValidator.ts'
import type { Db } from '#server/db/Database.ts'
import { actorOf, requireUser, type RoutePlugin } from '#server/lib/http.ts'
import type { MessageService } from './MessageService.ts'

const PATH = '/api/user/messages'
const PAGE = 50

export type MessageRoutesDeps = { db: Db; messages: MessageService }

/** Single messages: sent now or at a time, looked at, cancelled before they go. */
export function messageRoutes({ db, messages }: MessageRoutesDeps): RoutePlugin {
  const access = { config: { access: 'user' as const } }
  return async (app) => {
    app.post(
      PATH,
      {
        config: { ...access.config, creates: true, sends: true },
        schema: { summary: 'Send one message', body: sendMessageBody, response: { 201: singleMessage } },
      },
      async (request, reply) => {
        reply.code(201)
        const { sender, channelId } = senderOn(request, request.body.channelId)
        return messages.create(sender, { ...request.body, channelId }, rememberOf(request))
      },
    )
    app.get(
      PATH,
      {
        ...access,
        schema: {
          summary: 'List single messages, newest first',
          querystring: pageQuery,
          response: { 200: pageOf(singleMessage) },
        },
      },
      async (request) => {
        const { limit = PAGE, cursor = null } = request.query
        return messages.list(requireUser(request).id, limit, cursor)
      },
    )
    app.get(
      `${PATH}/:id`,
      { ...access, schema: { summary: 'One message', params: idParams, response: { 200: singleMessage } } },
      async (request) => messages.get(requireUser(request).id, request.params.id),
    )
    app.post(
      `${PATH}/:id/send`,
      {
        config: { ...access.config, sends: true },
        schema: {
          summary: 'Send a missed, scheduled or waiting message now',
          params: idParams,
          response: { 200: singleMessage },
        },
      },
      async (request) => messages.send(await senderFor(db, request, 'single'), request.params.id),
    )
    app.delete(
      `${PATH}/:id`,
      {
        ...access,
        schema: { summary: 'Cancel a message before it goes', params: idParams, response: { 200: singleMessage } },
      },
      async (request) => messages.cancel(actorOf(request), request.params.id),
    )
  }
}
