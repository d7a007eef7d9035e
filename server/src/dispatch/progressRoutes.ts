import { setTimeout as sleep } from 'node:timers/promises'
import { fastifySSE } from '@fastify/sse'
import { z } from 'zod'
import { campaignProgress } from '#contract/campaigns.ts'
import { idParams } from '#contract/common.ts'
import { isFinal } from '#contract/states.ts'
import type { CampaignRateLimiter } from '#server/campaigns/campaignRateLimiter.ts'
import type { Db } from '#server/db/Database.ts'
import { writeEvents, type ServerEvent } from '#server/lib/eventStream.ts'
import { requireUser, type RoutePlugin } from '#server/lib/http.ts'
import { getEnhancedProgress } from './getEnhancedProgress.ts'

const PATH = '/api/user/bulk-campaigns'
const EVERY_MS = 500
/** Below the proxies' usual idle time of 60 s, and below our own. */
const HEARTBEAT_MS = 20_000

export type ProgressRoutesDeps = { db: Db; limiter: CampaignRateLimiter }

/** Where a campaign stands: asked once, or told as it changes. */
export function progressRoutes({ db, limiter }: ProgressRoutesDeps): RoutePlugin {
  return async (app) => {
    await app.register(fastifySSE, { heartbeatInterval: HEARTBEAT_MS })
    app.get(
      `${PATH}/:id/progress`,
      {
        config: { access: 'user' },
        ...limiter.progress,
        schema: { summary: 'Progress of a campaign', params: idParams, response: { 200: campaignProgress } },
      },
      async (request) => getEnhancedProgress(db, requireUser(request).id, request.params.id),
    )
    app.get(
      `${PATH}/:id/events`,
      {
        // Whatever `Accept` says: a stream is all there is.
        sse: 'manual',
        config: { access: 'user', produces: 'text/event-stream' },
        // Opening the stream counts; what it tells does not.
        ...limiter.progress,
        schema: {
          summary: 'Progress as server-sent events named `progress`',
          params: idParams,
          response: { 200: z.any() },
        },
      },
      async (request, reply) => {
        const userId = requireUser(request).id
        // Asked before the stream opens, so that what is not there is a 404 and not an empty stream.
        const first = await getEnhancedProgress(db, userId, request.params.id)
        let closed = false
        reply.sse.onClose(() => {
          closed = true
        })
        reply.sse.sendHeaders()
        const isEnded = async () => closed || !(await request.isStillSignedIn())
        await writeEvents(reply.raw, follow(db, userId, first, isEnded))
      },
    )
  }
}

/** The state now and at every change, at most twice a second; ends with the campaign, and with the right to see it. */
async function* follow(
  db: Db,
  userId: string,
  first: z.output<typeof campaignProgress>,
  isEnded: () => Promise<boolean>,
): AsyncGenerator<ServerEvent> {
  let progress = first
  let told = ''
  for (;;) {
    const news = JSON.stringify({ ...progress, at: '' })
    if (news !== told) yield { event: 'progress', data: progress }
    told = news
    if (isFinal(progress.status)) return
    await sleep(EVERY_MS)
    // Also when we stop: then the database is gone next.
    if (await isEnded()) return
    progress = await getEnhancedProgress(db, userId, progress.campaignId)
  }
}
