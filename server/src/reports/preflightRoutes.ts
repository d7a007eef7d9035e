import { createCampaignBody } from '#contract/campaigns.ts'
import { pageOf } from '#contract/common.ts'
import { preflight, preflightPeopleQuery, preflightPerson } from '#contract/preflight.ts'
import type { CampaignRateLimiter } from '#server/campaigns/campaignRateLimiter.ts'
import { senderOn } from '#server/channels/tokenValidator.ts'
import type { RoutePlugin } from '#server/lib/http.ts'
import type { Preflighter } from './Preflighter.ts'

const PATH = '/api/user/bulk-campaigns/preflight'
const PAGE = 50
/** As much as a creation takes. */
const MAX_BODY_BYTES = 16 * 1024 * 1024

export type PreflightRoutesDeps = { preflighter: Preflighter; limiter: CampaignRateLimiter }

/** What a campaign would do, asked with the body that would create it. */
export function preflightRoutes({ preflighter, limiter }: PreflightRoutesDeps): RoutePlugin {
  // The channel may be named by its token, as when the campaign is made.
  const options = { config: { access: 'user', sends: true }, ...limiter.operation, bodyLimit: MAX_BODY_BYTES } as const
  return async (app) => {
    app.post(
      PATH,
      {
        ...options,
        schema: { summary: 'What a campaign would do', body: createCampaignBody, response: { 200: preflight } },
      },
      async (request) => {
        const { sender, channelId } = senderOn(request, request.body.channelId)
        return preflighter.look(sender, { ...request.body, channelId })
      },
    )
    app.post(
      `${PATH}/people`,
      {
        ...options,
        schema: {
          summary: 'The people behind a line of what a campaign would do',
          body: createCampaignBody,
          querystring: preflightPeopleQuery,
          response: { 200: pageOf(preflightPerson) },
        },
      },
      async (request) => {
        const { sender, channelId } = senderOn(request, request.body.channelId)
        const { line = 'valid', limit = PAGE, cursor = null } = request.query
        return preflighter.people(sender, { ...request.body, channelId }, { line, limit, cursor })
      },
    )
  }
}
