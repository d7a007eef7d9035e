import { z } from 'zod'
import {
  createdCampaign,
  decidedUnknown,
  decideUnknownBody,
  retriedCampaign,
  retryFailedBody,
} from '#contract/campaigns.ts'
import { idParams } from '#contract/common.ts'
import { rememberOf } from '#server/auth/idempotencyKeys.ts'
import type { Db } from '#server/db/Database.ts'
import { actorOf, type RoutePlugin } from '#server/lib/http.ts'
import type { CampaignCreator } from './CampaignCreator.ts'
import type { CampaignRateLimiter } from './campaignRateLimiter.ts'
import type { CampaignService } from './CampaignService.ts'
import { senderFor } from './senderFor.ts'
import type { UnknownDecider } from './UnknownDecider.ts'

const PATH = '/api/user/bulk-campaigns/:id'

export type FollowUpRoutesDeps = {
  db: Db
  campaigns: CampaignService
  creator: CampaignCreator
  unknown: UnknownDecider
  limiter: CampaignRateLimiter
}

/** What may follow a campaign: a retry, a copy, decisions about the unknown, its deletion. */
export function followUpRoutes({ db, campaigns, creator, unknown, limiter }: FollowUpRoutesDeps): RoutePlugin {
  return async (app) => {
    app.post(
      `${PATH}/retry-failed`,
      {
        config: { access: 'user', creates: true, sends: true },
        ...limiter.operation,
        schema: {
          summary: 'Write again to those who failed, as a new campaign',
          params: idParams,
          body: retryFailedBody.nullish(),
          response: { 201: retriedCampaign },
        },
      },
      async (request, reply) => {
        reply.code(201)
        const body = request.body ?? retryFailedBody.parse({})
        return creator.retryFailed(await senderFor(db, request), request.params.id, body, rememberOf(request))
      },
    )
    app.post(
      `${PATH}/duplicate`,
      {
        config: { access: 'user', creates: true, sends: true },
        ...limiter.operation,
        schema: { summary: 'Copy a campaign as a draft', params: idParams, response: { 201: createdCampaign } },
      },
      async (request, reply) => {
        reply.code(201)
        return creator.duplicate(await senderFor(db, request), request.params.id, rememberOf(request))
      },
    )
    app.post(
      `${PATH}/unknown`,
      {
        config: { access: 'user', sends: true },
        ...limiter.operation,
        schema: {
          summary: 'Decide about recipients of whom nobody knows',
          params: idParams,
          body: decideUnknownBody,
          response: { 200: decidedUnknown },
        },
      },
      async (request) => {
        const { id } = request.params
        return { campaignId: id, decided: await unknown.decide(await senderFor(db, request), id, request.body) }
      },
    )
    app.delete(
      PATH,
      {
        config: { access: 'user' },
        ...limiter.operation,
        schema: { summary: 'Delete a campaign', params: idParams, response: { 204: z.null() } },
      },
      async (request, reply) => {
        await campaigns.delete(actorOf(request), request.params.id)
        return reply.code(204).send(null)
      },
    )
  }
}
