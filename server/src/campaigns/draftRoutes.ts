import { z } from 'zod'
import {
  campaignDraft,
  campaignDraftSummary,
  MAX_DRAFT_BYTES,
  saveDraftBody,
  savedDraft,
} from '#contract/campaignDrafts.ts'
import { idParams, pageOf, pageQuery } from '#contract/common.ts'
import { actorOf, requireUser, type RoutePlugin } from '#server/lib/http.ts'
import type { CampaignDrafts } from './CampaignDrafts.ts'

const PATH = '/api/user/campaign-drafts'
const PAGE = 50
const USER = { config: { access: 'user' as const } }

export type DraftRoutesDeps = { drafts: CampaignDrafts }

/** What the page of a new campaign holds, kept while it is typed. */
export function draftRoutes({ drafts }: DraftRoutesDeps): RoutePlugin {
  return async (app) => {
    app.get(
      PATH,
      {
        ...USER,
        schema: {
          summary: 'List drafts, newest first',
          querystring: pageQuery,
          response: { 200: pageOf(campaignDraftSummary) },
        },
      },
      async (request) => {
        const { limit = PAGE, cursor = null } = request.query
        return drafts.list(requireUser(request).id, limit, cursor)
      },
    )
    app.get(
      `${PATH}/:id`,
      { ...USER, schema: { summary: 'One draft', params: idParams, response: { 200: campaignDraft } } },
      async (request) => drafts.get(requireUser(request).id, request.params.id),
    )
    app.put(
      `${PATH}/:id`,
      {
        ...USER,
        bodyLimit: MAX_DRAFT_BYTES,
        schema: {
          summary: 'Save a draft, if nothing newer is stored',
          params: idParams,
          body: saveDraftBody,
          response: { 200: savedDraft },
        },
      },
      async (request) => ({ revision: await drafts.save(actorOf(request), request.params.id, request.body) }),
    )
    app.delete(
      `${PATH}/:id`,
      { ...USER, schema: { summary: 'Throw a draft away', params: idParams, response: { 204: z.null() } } },
      async (request, reply) => {
        await drafts.delete(actorOf(request), request.params.id)
        return reply.code(204).send(null)
      },
    )
  }
}
