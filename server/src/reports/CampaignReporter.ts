import { isRetryable, type CampaignFigures, type CampaignReport, type ReportPoint } from '#contract/reports.ts'
import { acceptedOf, totalOf, type Counts } from '#contract/states.ts'
import { findCampaign } from '#server/campaigns/campaignQueries.ts'
import type { CampaignRow } from '#server/campaigns/campaignTables.ts'
import { findChannelName } from '#server/channels/channelQueries.ts'
import type { Db } from '#server/db/Database.ts'
import { averageSpeedOf, databaseNow, runningMsOf } from '#server/dispatch/getEnhancedProgress.ts'
import { AppError } from '#server/lib/AppError.ts'
import { getCounts } from '#server/recipients/recipientQueries.ts'
import { bucketOf, bucketSeconds } from './bucketSeconds.ts'
import { countReasons, findSampledSpan, listSamples, type Reason, type Sample } from './reportQueries.ts'

/** After the end a chart goes on for as long as the campaign took, and for this at least. */
const AFTERMATH_MS = 15 * 60_000

/** What became of campaigns, from their counters and samples: no recipient is looked at. */
export class CampaignReporter {
  readonly #db: Db

  constructor({ db }: { db: Db }) {
    this.#db = db
  }

  /** Throws NOT_FOUND. */
  async report(userId: string, id: string): Promise<CampaignReport> {
    const [campaign, now] = await Promise.all([this.#campaign(userId, id), databaseNow(this.#db)])
    const counts = await getCounts(this.#db, userId, id)
    const [figures, reasons, overTime] = await Promise.all([
      this.#figures(campaign, counts, now),
      countReasons(this.#db, userId, id),
      this.#overTime(campaign, counts, now),
    ])
    return { ...figures, bySkipReason: skipsOf(reasons), byError: errorsOf(reasons), overTime }
  }

  /** In the order of `ids`. Throws NOT_FOUND for one that is not there. */
  async compare(userId: string, ids: readonly string[]): Promise<CampaignFigures[]> {
    const now = await databaseNow(this.#db)
    return Promise.all(
      ids.map(async (id) => {
        const campaign = await this.#campaign(userId, id)
        return this.#figures(campaign, await getCounts(this.#db, userId, id), now)
      }),
    )
  }

  async #campaign(userId: string, id: string): Promise<CampaignRow> {
    const campaign = await findCampaign(this.#db, userId, id)
    if (campaign === undefined) throw new AppError('NOT_FOUND')
    return campaign
  }

  async #figures(campaign: CampaignRow, counts: Counts, now: Date): Promise<CampaignFigures> {
    const runningMs = runningMsOf(campaign, now)
    return {
      campaignId: campaign.id,
      name: campaign.name,
      channelName: await findChannelName(this.#db, campaign.user_id, campaign.channel_id),
      status: campaign.status,
      startedAt: campaign.started_at?.toISOString() ?? null,
      finishedAt: campaign.finished_at?.toISOString() ?? null,
      runningSeconds: runningMs / 1000,
      stats: { ...counts, total: totalOf(counts) },
      accepted: acceptedOf(counts),
      successRate: successRateOf(counts),
      averageSpeed: averageSpeedOf(counts, runningMs),
    }
  }

  /** What the counters have gained since the last sample is the last of them. */
  async #overTime(campaign: CampaignRow, counts: Counts, now: Date): Promise<CampaignReport['overTime']> {
    const { user_id: userId, id } = campaign
    const present = sampleOf(counts, now)
    const span = await findSampledSpan(this.#db, userId, id)
    if (span === undefined && present.accepted + present.failed === 0) return { bucketSeconds: 0, points: [] }
    const start = span === undefined ? now : before(campaign.started_at ?? span.first, span.first)
    const until = endOfChart(campaign, start, now)
    const seconds = bucketSeconds(before(start, until), until)
    const samples = await listSamples(this.#db, userId, id, { bucketSeconds: seconds, until })
    return { bucketSeconds: seconds, points: pointsOf([...samples, { ...present, at: until }], start, seconds) }
  }
}

/** Whom nobody tried to write to says nothing about success. */
function successRateOf(counts: Counts): number | null {
  const tried = totalOf(counts) - counts.cancelled - counts.skipped
  return tried <= 0 ? null : acceptedOf(counts) / tried
}

function skipsOf(reasons: Reason[]): CampaignReport['bySkipReason'] {
  return reasons.filter(({ status }) => status === 'skipped').map(({ code, count }) => ({ reason: code, count }))
}

function errorsOf(reasons: Reason[]): CampaignReport['byError'] {
  return reasons
    .filter(({ status }) => status === 'failed')
    .map(({ category, code, count }) => {
      const known = category ?? 'API_ERROR'
      return { category: known, code, count, retryable: isRetryable(known) }
    })
}

function sampleOf(counts: Counts, at: Date): Sample {
  const { delivered, read, failed } = counts
  return { at, accepted: acceptedOf(counts), delivered: delivered + read, read, failed }
}

/**
 * Until when the chart goes. People read for days what was sent in minutes, and a chart of days shows nothing of the
 * minutes: what comes later counts as of the end.
 */
function endOfChart({ finished_at: finishedAt }: CampaignRow, start: Date, now: Date): Date {
  if (finishedAt === null) return now
  const tookMs = Math.max(AFTERMATH_MS, finishedAt.getTime() - start.getTime())
  return before(now, new Date(finishedAt.getTime() + tookMs))
}

/** The differences between the samples, bucket by bucket, from the first that has one to the last. */
function pointsOf(samples: Sample[], start: Date, seconds: number): ReportPoint[] {
  const gains = new Map<number, ReportPoint>()
  let last: Omit<Sample, 'at'> = { accepted: 0, delivered: 0, read: 0, failed: 0 }
  for (const sample of samples) {
    const bucket = bucketOf(sample.at, seconds)
    const point = gains.get(bucket) ?? emptyPoint(bucket, seconds)
    // A message that fails after it was accepted leaves the accepted ones; it was sent all the same.
    point.sent += Math.max(0, sample.accepted - last.accepted)
    point.delivered += Math.max(0, sample.delivered - last.delivered)
    point.read += Math.max(0, sample.read - last.read)
    point.failed += Math.max(0, sample.failed - last.failed)
    if (point.sent + point.delivered + point.read + point.failed > 0) gains.set(bucket, point)
    last = sample
  }
  if (gains.size === 0) return []
  const from = Math.min(bucketOf(start, seconds), ...gains.keys())
  const to = Math.max(...gains.keys())
  return Array.from({ length: to - from + 1 }, (_, n) => gains.get(from + n) ?? emptyPoint(from + n, seconds))
}

function emptyPoint(bucket: number, seconds: number): ReportPoint {
  return { at: new Date(bucket * seconds * 1000).toISOString(), sent: 0, delivered: 0, read: 0, failed: 0 }
}

function before(one: Date, other: Date): Date {
  return one < other ? one : other
}
