import { idParams } from '#contract/common.ts'
import { singleMessage, testSendBody } from '#contract/messages.ts'
import { rememberOf } from '#server/auth/idempotencyKeys.ts'
import type { CampaignRateLimiter } from '#server/campaigns/campaignRateLimiter.ts'
import { senderFor } from '#server/campaigns/senderFor.ts'
import type { Db } from '#server/db/Database.ts'
import type { RoutePlugin } from '#server/lib/http.ts'
import type { MessageService } from './MessageService.ts'

export type TestSendRoutesDeps = { db: Db; messages: MessageService; limiter: CampaignRateLimiter }

/** What a campaign will send, sent to oneself before it goes out. */
export function testSendRoutes({ db, messages, limiter }: TestSendRoutesDeps): RoutePlugin {
  return async (app) => {
    app.post(
      '/api/user/bulk-campaigns/:id/test',
      {
        config: { access: 'user', creates: true, sends: true },
        ...limiter.operation,
        schema: {
          summary: 'Send the first message of a campaign to one person',
          params: idParams,
          body: testSendBody,
          response: { 201: singleMessage },
        },
      },
      async (request, reply) => {
        reply.code(201)
        const sender = await senderFor(db, request)
        return messages.createTest(sender, request.params.id, request.body, rememberOf(request))
      },
    )
  }
}
