import { sql } from 'kysely'
import type { CampaignProgress } from '#contract/campaigns.ts'
import { acceptedOf, openOf, totalOf, type Counts } from '#contract/states.ts'
import { formatTimeRemaining } from '#contract/timeRemaining.ts'
import { findCampaign } from '#server/campaigns/campaignQueries.ts'
import type { CampaignRow } from '#server/campaigns/campaignTables.ts'
import { finishWithin, windowStateAt } from '#server/campaigns/sendingWindow.ts'
import type { Db } from '#server/db/Database.ts'
import { AppError } from '#server/lib/AppError.ts'
import { maskPhone } from '#server/lib/logger.ts'
import { getCounts, getFailures, listRecentErrors } from '#server/recipients/recipientQueries.ts'

const RECENT_ERRORS = 5
/** Below this much running time a measured speed says nothing yet. */
const MEASURED_FROM_MS = 3000

/** Everything that the monitor shows: reads a handful of rows, whatever the size of the campaign. Throws NOT_FOUND. */
export async function getEnhancedProgress(db: Db, userId: string, campaignId: string): Promise<CampaignProgress> {
  const campaign = await findCampaign(db, userId, campaignId)
  if (campaign === undefined) throw new AppError('NOT_FOUND')
  const [counts, failures, errors, now] = await Promise.all([
    getCounts(db, userId, campaignId),
    getFailures(db, userId, campaignId),
    listRecentErrors(db, userId, campaignId, RECENT_ERRORS),
    databaseNow(db),
  ])
  const runningMs = runningMsOf(campaign, now)
  const seconds = estimateSecondsRemaining(campaign, counts, runningMs, now)
  return {
    campaignId,
    status: campaign.status,
    pauseReason: campaign.pause_reason,
    preparing: campaign.preparing,
    startRequested: campaign.start_requested,
    stats: { ...counts, total: totalOf(counts) },
    estimatedSecondsRemaining: seconds,
    estimatedTimeRemaining: formatTimeRemaining(seconds, 'pt'),
    averageSpeed: averageSpeedOf(counts, runningMs),
    failedByCategory: failures,
    recentErrors: errors.map((error) => ({
      contactId: error.contactId,
      phone: error.phone === null ? null : maskPhone(error.phone),
      category: error.category,
      code: error.code,
      message: error.message,
      at: error.at.toISOString(),
    })),
    waitsUntil: waitsUntil(campaign, now)?.toISOString() ?? null,
    startedAt: campaign.started_at?.toISOString() ?? null,
    finishedAt: campaign.finished_at?.toISOString() ?? null,
    at: now.toISOString(),
  }
}

/** Accepted messages per minute spent running; null before there is anything to divide. */
export function averageSpeedOf(counts: Counts, runningMs: number): number | null {
  const accepted = acceptedOf(counts)
  return accepted === 0 || runningMs <= 0 ? null : accepted / (runningMs / 60_000)
}

/**
 * Seconds until the open recipients are decided: the pace that was planned, or the speed that was measured where that
 * is slower. Null while nothing can be said: not running and never measured, or no pace and no speed.
 */
export function estimateSecondsRemaining(
  campaign: Pick<CampaignRow, 'status' | 'delay_min_ms' | 'delay_max_ms' | 'messages' | 'sending_window' | 'time_zone'>,
  counts: Counts,
  runningMs: number,
  now: Date,
): number | null {
  const open = openOf(counts)
  if (open === 0 || !['draft', 'scheduled', 'running', 'paused'].includes(campaign.status)) return null
  const plannedMs = ((campaign.delay_min_ms + campaign.delay_max_ms) / 2) * campaign.messages.length
  const decided = totalOf(counts) - open
  // Time in which the window was closed counts as running and says nothing about speed.
  const isMeasured = runningMs >= MEASURED_FROM_MS && decided > 0 && campaign.sending_window === null
  const measuredMs = isMeasured ? runningMs / decided : 0
  const perRecipientMs = Math.max(plannedMs, measuredMs)
  if (perRecipientMs === 0) return null
  const { sending_window: window, time_zone: timeZone } = campaign
  if (window === null) return (open * perRecipientMs) / 1000
  const end = finishWithin(window, timeZone, now, open * perRecipientMs)
  return end === null ? null : (end.getTime() - now.getTime()) / 1000
}

/** When a running campaign whose window is closed goes on. */
function waitsUntil(campaign: CampaignRow, now: Date): Date | null {
  if (campaign.status !== 'running' || campaign.sending_window === null) return null
  const { isOpen, until } = windowStateAt(campaign.sending_window, campaign.time_zone, now)
  return isOpen ? null : until
}

/** Milliseconds spent in `running`, up to `now` on the database's clock. */
function runningMsOf(campaign: CampaignRow, now: Date): number {
  const present = campaign.running_since === null ? 0 : now.getTime() - campaign.running_since.getTime()
  return campaign.running_ms + Math.max(0, present)
}

async function databaseNow(db: Db): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(db)
  return rows[0]?.now ?? new Date()
}
