import { z } from 'zod'
import { stats } from './campaigns.ts'
import { id, instant } from './common.ts'
import { FAILURE_CATEGORIES, type FailureCategory } from './errors.ts'
import { CAMPAIGN_STATUSES, RECIPIENT_STATUSES } from './states.ts'

/** Points of a chart; more would be closer together than pixels on a phone. */
export const MAX_REPORT_POINTS = 120
export const MAX_COMPARED = 10

/** A campaign in numbers that can stand beside another one's. */
export const campaignFigures = z.object({
  campaignId: id,
  name: z.string(),
  channelName: z.string(),
  status: z.enum(CAMPAIGN_STATUSES),
  startedAt: instant.nullable(),
  finishedAt: instant.nullable(),
  /** Spent in `running`, pauses left out. */
  runningSeconds: z.number(),
  stats,
  /** sent + delivered + read */
  accepted: z.number(),
  /** accepted ÷ (total − cancelled − skipped), 0 to 1; null when that is nobody. */
  successRate: z.number().nullable(),
  /** Accepted messages per minute spent running; null before the first. */
  averageSpeed: z.number().nullable(),
})
export type CampaignFigures = z.infer<typeof campaignFigures>

/** What happened in the bucket that begins at `at`. `delivered` and `read` are when it was learned. */
export const reportPoint = z.object({
  at: instant,
  sent: z.number(),
  delivered: z.number(),
  read: z.number(),
  failed: z.number(),
})
export type ReportPoint = z.infer<typeof reportPoint>

/** `GET /api/user/bulk-campaigns/:id/report` */
export const campaignReport = campaignFigures.extend({
  /** Codes such as SUPPRESSED; '' where none was noted. Most frequent first, here and below. */
  bySkipReason: z.array(z.object({ reason: z.string(), count: z.number() })),
  byError: z.array(
    z.object({
      category: z.enum(FAILURE_CATEGORIES),
      code: z.string(),
      count: z.number(),
      /** Whether another attempt may help. */
      retryable: z.boolean(),
    }),
  ),
  /** Buckets of equal length, also the empty ones, from the first that something happened in to the last. */
  overTime: z.object({ bucketSeconds: z.number(), points: z.array(reportPoint).max(MAX_REPORT_POINTS) }),
})
export type CampaignReport = z.infer<typeof campaignReport>

/** Another attempt to somebody who is not there, or who does not want it, changes nothing. */
export function isRetryable(category: FailureCategory): boolean {
  return category !== 'INVALID_NUMBER' && category !== 'BLOCKED_NUMBER'
}

/** `GET …/:id/report/export`: one state, or everybody. */
export const reportExportQuery = z.strictObject({ status: z.enum(RECIPIENT_STATUSES).optional() })

/** First line of the exported file. */
export const REPORT_COLUMNS = [
  'phone',
  'name',
  'status',
  'reason',
  'attempts',
  'sentAt',
  'deliveredAt',
  'readAt',
] as const

/** `POST /api/user/bulk-campaigns/compare` */
export const compareCampaignsBody = z.strictObject({
  campaignIds: z.array(id).min(2).max(MAX_COMPARED),
})

/** In the order in which they were asked for. */
export const comparedCampaigns = z.object({ items: z.array(campaignFigures) })
export type ComparedCampaigns = z.infer<typeof comparedCampaigns>
