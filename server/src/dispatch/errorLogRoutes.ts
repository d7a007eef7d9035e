import type { z } from 'zod'
import { idParams, pageOf, pageQuery } from '#contract/common.ts'
import { errorLogRow } from '#contract/errorLog.ts'
import { findCampaign } from '#server/campaigns/campaignQueries.ts'
import type { Db } from '#server/db/Database.ts'
import { AppError } from '#server/lib/AppError.ts'
import { requireUser, type RoutePlugin } from '#server/lib/http.ts'
import { badCursor, onePage } from '#server/lib/listCursor.ts'
import { listErrors } from '#server/recipients/listErrors.ts'

const PAGE = 50

/** Every failed attempt of a campaign, page by page; progress shows the last five. */
export function errorLogRoutes({ db }: { db: Db }): RoutePlugin {
  return async (app) => {
    app.get(
      '/api/user/bulk-campaigns/:id/errors',
      {
        config: { access: 'user' },
        schema: {
          summary: 'Failed attempts and auto-pauses, newest first',
          params: idParams,
          querystring: pageQuery,
          response: { 200: pageOf(errorLogRow) },
        },
      },
      async (request) => errorPage(db, requireUser(request).id, request.params.id, request.query),
    )
  }
}

async function errorPage(db: Db, userId: string, campaignId: string, query: z.output<typeof pageQuery>) {
  if ((await findCampaign(db, userId, campaignId)) === undefined) throw new AppError('NOT_FOUND')
  if (query.cursor !== undefined && !/^\d{1,15}$/.test(query.cursor)) throw badCursor()
  const before = query.cursor === undefined ? null : Number(query.cursor)
  const limit = query.limit ?? PAGE
  const rows = await listErrors(db, userId, campaignId, { before, limit: limit + 1 })
  return onePage(rows, limit, {
    itemOf: ({ id, at, ...row }) => ({ ...row, id: String(id), at: at.toISOString() }),
    cursorOf: ({ id }) => String(id),
  })
}
