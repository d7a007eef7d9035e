import type { z } from 'zod'
import {
  campaignConfigBody,
  campaignContact,
  campaignContactFilter,
  campaignDetails,
  campaignFilter,
  campaignState,
  campaignSummary,
  createCampaignBody,
  createdCampaign,
  type CampaignSummary,
} from '#contract/campaigns.ts'
import { idParams, pageOf } from '#contract/common.ts'
import type { CampaignStatus } from '#contract/states.ts'
import { rememberOf } from '#server/auth/idempotencyKeys.ts'
import { senderOn } from '#server/channels/tokenValidator.ts'
import type { Db } from '#server/db/Database.ts'
import { AppError } from '#server/lib/AppError.ts'
import { actorOf, requireUser, type RoutePlugin } from '#server/lib/http.ts'
import { badCursor, cursorOfRow, onePage, readCursor } from '#server/lib/listCursor.ts'
import { messageIdOf } from '#server/recipients/messageId.ts'
import { getCounts, listRecipients } from '#server/recipients/recipientQueries.ts'
import { toCap } from '#server/recipients/sendHistory.ts'
import { findChannelName } from '#server/channels/channelQueries.ts'
import { senderFor } from './senderFor.ts'
import { findCampaign, listCampaigns } from './campaignQueries.ts'
import { toSummary, totalsOf } from './campaignAnswers.ts'
import type { CampaignCreator } from './CampaignCreator.ts'
import type { CampaignRateLimiter } from './campaignRateLimiter.ts'
import type { CampaignService } from './CampaignService.ts'

const PATH = '/api/user/bulk-campaigns'
const PAGE = 50
/** Room for the most recipients that can be typed, with variables. */
const MAX_BODY_BYTES = 16 * 1024 * 1024
const ACTIVE: CampaignStatus[] = ['running', 'paused', 'scheduled']
const HISTORY: CampaignStatus[] = ['completed', 'cancelled', 'failed']

export type CampaignRoutesDeps = {
  db: Db
  campaigns: CampaignService
  creator: CampaignCreator
  limiter: CampaignRateLimiter
}

/** Campaigns: made, listed, started and stopped. Progress belongs to dispatch. */
export function campaignRoutes(deps: CampaignRoutesDeps): RoutePlugin {
  const { db, campaigns, creator, limiter } = deps
  const access = { config: { access: 'user' as const } }
  const sends = { config: { access: 'user' as const, sends: true as const } }
  return async (app) => {
    app.post(
      PATH,
      {
        config: { ...sends.config, creates: true },
        ...limiter.creation,
        bodyLimit: MAX_BODY_BYTES,
        schema: { summary: 'Create a campaign', body: createCampaignBody, response: { 201: createdCampaign } },
      },
      async (request, reply) => {
        reply.code(201)
        const { sender, channelId } = senderOn(request, request.body.channelId)
        return creator.create(sender, { ...request.body, channelId }, rememberOf(request))
      },
    )
    for (const [suffix, fixed] of [
      ['', null],
      ['/active', ACTIVE],
      ['/history', HISTORY],
    ] as const) {
      app.get(
        `${PATH}${suffix}`,
        {
          ...access,
          schema: {
            summary: 'List campaigns, newest first',
            querystring: campaignFilter,
            response: { 200: pageOf(campaignSummary) },
          },
        },
        async (request) => listPage(db, requireUser(request).id, request.query, fixed),
      )
    }
    app.get(
      `${PATH}/:id`,
      { ...access, schema: { summary: 'One campaign', params: idParams, response: { 200: campaignDetails } } },
      async (request) => getDetails(db, requireUser(request).id, request.params.id),
    )
    app.patch(
      `${PATH}/:id/config`,
      {
        ...sends,
        ...limiter.operation,
        schema: {
          summary: 'Change pace, window or schedule',
          params: idParams,
          body: campaignConfigBody,
          response: { 200: campaignState },
        },
      },
      async (request) => campaigns.configure(await senderFor(db, request), request.params.id, request.body),
    )
    for (const act of ['start', 'resume'] as const) {
      app.post(
        `${PATH}/:id/${act}`,
        {
          ...sends,
          ...limiter.operation,
          schema: { summary: `${act} a campaign`, params: idParams, response: { 200: campaignState } },
        },
        async (request) => campaigns[act](await senderFor(db, request), request.params.id),
      )
    }
    for (const act of ['pause', 'cancel'] as const) {
      app.post(
        `${PATH}/:id/${act}`,
        {
          ...access,
          ...limiter.operation,
          schema: { summary: `${act} a campaign`, params: idParams, response: { 200: campaignState } },
        },
        async (request) => campaigns[act](actorOf(request), request.params.id),
      )
    }
    app.get(
      `${PATH}/:id/contacts`,
      {
        ...access,
        schema: {
          summary: 'The books: every recipient',
          params: idParams,
          querystring: campaignContactFilter,
          response: { 200: pageOf(campaignContact) },
        },
      },
      async (request) => listBooks(db, requireUser(request).id, request.params.id, request.query),
    )
  }
}

async function listPage(
  db: Db,
  userId: string,
  query: z.output<typeof campaignFilter>,
  fixed: CampaignStatus[] | null,
): Promise<{ items: CampaignSummary[]; nextCursor: string | null }> {
  const limit = query.limit ?? PAGE
  const before = query.cursor === undefined ? null : readCursor(query.cursor)
  const wanted =
    query.status === undefined ? fixed : (fixed ?? [query.status]).filter((status) => status === query.status)
  if (wanted?.length === 0) return { items: [], nextCursor: null }
  const rows = await listCampaigns(db, userId, { limit: limit + 1, before, statuses: wanted })
  return onePage(rows, limit, { itemOf: toSummary, cursorOf: cursorOfRow })
}

async function getDetails(db: Db, userId: string, id: string): Promise<z.output<typeof campaignDetails>> {
  const row = await findCampaign(db, userId, id)
  if (row === undefined) throw new AppError('NOT_FOUND')
  const counts = await getCounts(db, userId, id)
  const channelName = await findChannelName(db, userId, row.channel_id)
  return {
    ...toSummary({ ...row, channelName, cursorAt: '', counts }),
    messages: row.messages,
    delayMin: row.delay_min_ms / 1000,
    delayMax: row.delay_max_ms / 1000,
    randomizeOrder: row.randomize_order,
    unknownPolicy: row.unknown_policy,
    sendingWindow: row.sending_window,
    autoResume: row.auto_resume,
    totals: totalsOf(row),
    frequencyCap: toCap(row.cap_count, row.cap_days),
    excludeCampaignIds: row.exclude_campaign_ids,
    retryOf: row.retry_of,
  }
}

async function listBooks(db: Db, userId: string, id: string, query: z.output<typeof campaignContactFilter>) {
  const campaign = await findCampaign(db, userId, id)
  if (campaign === undefined) throw new AppError('NOT_FOUND')
  const afterId = query.cursor === undefined ? 0 : Number(query.cursor)
  if (!Number.isSafeInteger(afterId)) throw badCursor()
  const limit = query.limit ?? PAGE
  const rows = await listRecipients(db, userId, id, {
    afterId,
    limit: limit + 1,
    ...(query.status === undefined ? {} : { status: query.status }),
  })
  const itemOf = (row: (typeof rows)[number]) => ({
    contactId: row.id,
    phone: row.phone,
    name: row.name,
    status: row.status,
    messageId: row.status === 'pending' ? null : messageIdOf(campaign.message_tag, row.id, row.step),
    attempts: row.attempts,
    errorCategory: row.errorCategory,
    errorCode: row.errorCode,
    statusAt: row.statusAt.toISOString(),
  })
  return onePage(rows, limit, { itemOf, cursorOf: ({ id: last }) => String(last) })
}
