import { overview, overviewQuery } from '#contract/overview.ts'
import type { CampaignRateLimiter } from '#server/campaigns/campaignRateLimiter.ts'
import { requireUser, type RoutePlugin } from '#server/lib/http.ts'
import type { OverviewReader } from './OverviewReader.ts'

export type OverviewRoutesDeps = { overview: OverviewReader; limiter: CampaignRateLimiter }

/** What runs, what waits for somebody, and how the day has been; pages ask again and again. */
export function overviewRoutes({ overview: reader, limiter }: OverviewRoutesDeps): RoutePlugin {
  return async (app) => {
    app.get(
      '/api/user/overview',
      {
        config: { access: 'user' },
        ...limiter.progress,
        schema: {
          summary: 'Campaigns, channels and the day of an account',
          querystring: overviewQuery,
          response: { 200: overview },
        },
      },
      async (request) => reader.read(requireUser(request).id, request.query.timeZone),
    )
  }
}
