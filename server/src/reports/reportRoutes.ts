import { idParams } from '#contract/common.ts'
import {
  campaignReport,
  compareCampaignsBody,
  comparedCampaigns,
  REPORT_COLUMNS,
  reportExportQuery,
} from '#contract/reports.ts'
import type { RecipientStatus } from '#contract/states.ts'
import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import { findCampaign } from '#server/campaigns/campaignQueries.ts'
import type { CampaignRateLimiter } from '#server/campaigns/campaignRateLimiter.ts'
import type { Db } from '#server/db/Database.ts'
import { AppError } from '#server/lib/AppError.ts'
import { csvLine, sendCsv } from '#server/lib/csv.ts'
import { actorOf, doneBy, requireUser, type RoutePlugin } from '#server/lib/http.ts'
import { listForExport, type ExportedRecipient } from '#server/recipients/listForExport.ts'
import { ERASED_PREFIX } from '#server/suppressions/isSuppressed.ts'
import type { CampaignReporter } from './CampaignReporter.ts'

const PATH = '/api/user/bulk-campaigns'
const EXPORT_PAGE = 2000

export type ReportRoutesDeps = {
  db: Db
  audit: AuditLogger
  reporter: CampaignReporter
  limiter: CampaignRateLimiter
}

/** What became of campaigns: in numbers, person by person as a file, and side by side. */
export function reportRoutes({ db, audit, reporter, limiter }: ReportRoutesDeps): RoutePlugin {
  return async (app) => {
    app.get(
      `${PATH}/:id/report`,
      {
        config: { access: 'user' },
        ...limiter.progress,
        schema: { summary: 'What became of a campaign', params: idParams, response: { 200: campaignReport } },
      },
      async (request) => reporter.report(requireUser(request).id, request.params.id),
    )
    app.get(
      `${PATH}/:id/report/export`,
      {
        config: { access: 'user', produces: 'text/csv', limited: 'export' },
        schema: {
          summary: 'Every recipient as a CSV, which is noted in the trail',
          params: idParams,
          querystring: reportExportQuery,
        },
      },
      async (request, reply) => {
        const actor = actorOf(request)
        const { id } = request.params
        const { status } = request.query
        if ((await findCampaign(db, actor.ownerId, id)) === undefined) throw new AppError('NOT_FOUND')
        const about = { ...doneBy(actor), ownerId: actor.ownerId, target: id, details: { status: status ?? 'all' } }
        await audit.logEvent(db, { ...about, action: 'campaign-export' })
        return sendCsv(reply, 'recipients.csv', recipientsCsv(db, actor.ownerId, id, status))
      },
    )
    app.post(
      `${PATH}/compare`,
      {
        config: { access: 'user' },
        ...limiter.progress,
        schema: {
          summary: 'Campaigns side by side',
          body: compareCampaignsBody,
          response: { 200: comparedCampaigns },
        },
      },
      async (request) => ({ items: await reporter.compare(requireUser(request).id, request.body.campaignIds) }),
    )
  }
}

/** Page by page, so that a slow reader and a million people cost no memory. */
async function* recipientsCsv(
  db: Db,
  userId: string,
  campaignId: string,
  status: RecipientStatus | undefined,
): AsyncGenerator<string> {
  yield `\ufeff${csvLine([...REPORT_COLUMNS])}`
  for (let afterId = 0; ;) {
    const page = await listForExport(db, userId, campaignId, { afterId, limit: EXPORT_PAGE, status })
    yield page.map((row) => csvLine(cellsOf(row))).join('')
    const last = page.at(-1)
    if (last === undefined || page.length < EXPORT_PAGE) return
    afterId = last.id
  }
}

function cellsOf(row: ExportedRecipient): string[] {
  const { phone, name, status, category, code, attempts, sentAt, deliveredAt, readAt } = row
  const reason = [category, code].filter((part) => part !== null).join(' ')
  return [
    phone.startsWith(ERASED_PREFIX) ? '' : phone,
    name ?? '',
    status,
    reason,
    String(attempts),
    ...[sentAt, deliveredAt, readAt].map((at) => at?.toISOString() ?? ''),
  ]
}
