import { sql } from 'kysely'
import type { CampaignProgress } from '#contract/campaigns.ts'
import { acceptedOf, openOf, totalOf, type Counts } from '#contract/states.ts'
import { formatTimeRemaining } from '#contract/timeRemaining.ts'
import { findCampaign } from '#server/campaigns/campaignQueries.ts'
import type { CampaignRow } from '#server/campaigns/campaignTables.ts'
import { windowStateAt } from '#server/campaigns/sendingWindow.ts'
import { findChannelLimits, type ChannelLimits } from '#server/channels/channelCap.ts'
import type { Db } from '#server/db/Database.ts'
import { AppError } from '#server/lib/AppError.ts'
import { maskPhone } from '#server/lib/redact.ts'
import { getCounts, getFailures, listRecentErrors } from '#server/recipients/recipientQueries.ts'
import { finishWithCap } from './finishWithCap.ts'

const RECENT_ERRORS = 5
/** Below this much running time a measured speed says nothing yet. */
const MEASURED_FROM_MS = 3000

/** Everything that the monitor shows: reads a handful of rows, whatever the size of the campaign. Throws NOT_FOUND. */
export async function getEnhancedProgress(db: Db, userId: string, campaignId: string): Promise<CampaignProgress> {
  const campaign = await findCampaign(db, userId, campaignId)
  if (campaign === undefined) throw new AppError('NOT_FOUND')
  const [counts, failures, errors, limits, now] = await Promise.all([
    getCounts(db, userId, campaignId),
    getFailures(db, userId, campaignId),
    listRecentErrors(db, userId, campaignId, RECENT_ERRORS),
    findChannelLimits(db, userId, campaign.channel_id),
    databaseNow(db),
  ])
  const runningMs = runningMsOf(campaign, now)
  const seconds = estimateSecondsRemaining(campaign, counts, runningMs, now, limits)
  const wait = waitOf(campaign, counts, limits, now)
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
    waitsUntil: wait?.until.toISOString() ?? null,
    waitsFor: wait?.for ?? null,
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
 * is slower, within the window and the daily cap, after the back-off. Null while nothing can be said: not running and
 * never measured, or no pace and no speed; except that a cap alone says on which day it ends at the earliest.
 */
export function estimateSecondsRemaining(
  campaign: Pick<CampaignRow, 'status' | 'delay_min_ms' | 'delay_max_ms' | 'messages' | 'sending_window' | 'time_zone'>,
  counts: Counts,
  runningMs: number,
  now: Date,
  limits?: ChannelLimits,
): number | null {
  const open = openOf(counts)
  if (open === 0 || !['draft', 'scheduled', 'running', 'paused'].includes(campaign.status)) return null
  const steps = campaign.messages.length
  const plannedMs = (campaign.delay_min_ms + campaign.delay_max_ms) / 2
  const decided = totalOf(counts) - open
  const isCapped = limits !== undefined && limits.dailyCap !== null
  // Time in which the window was closed, or the cap reached, counts as running and says nothing about speed.
  const isMeasured = runningMs >= MEASURED_FROM_MS && decided > 0 && campaign.sending_window === null && !isCapped
  const measuredMs = isMeasured ? runningMs / decided / steps : 0
  const perMessageMs = Math.max(plannedMs, measuredMs)
  const { sending_window: window, time_zone: timeZone } = campaign
  const end = finishWithCap({ messages: open * steps, perMessageMs, window, timeZone }, limits, now)
  const seconds = end === null ? null : (end.getTime() - now.getTime()) / 1000
  return perMessageMs === 0 && !outlastsToday(open * steps, limits) ? null : seconds
}

function outlastsToday(messages: number, limits: ChannelLimits | undefined): boolean {
  return limits !== undefined && limits.dailyCap !== null && messages > limits.dailyCap - limits.capUsed
}

/** Why a running campaign sends nothing now by plan, and until when. */
function waitOf(
  campaign: CampaignRow,
  counts: Counts,
  limits: ChannelLimits | undefined,
  now: Date,
): { for: 'window' | 'dailyCap'; until: Date } | null {
  if (campaign.status !== 'running' || openOf(counts) === 0) return null
  if (limits !== undefined && limits.dailyCap !== null && limits.capUsed >= limits.dailyCap && counts.sending === 0) {
    return { for: 'dailyCap', until: new Date(now.getTime() + limits.dayTurnsInMs) }
  }
  if (campaign.sending_window === null) return null
  const { isOpen, until } = windowStateAt(campaign.sending_window, campaign.time_zone, now)
  return isOpen || until === null ? null : { for: 'window', until }
}

/** Milliseconds spent in `running`, up to `now` on the database's clock. */
export function runningMsOf(campaign: CampaignRow, now: Date): number {
  const present = campaign.running_since === null ? 0 : now.getTime() - campaign.running_since.getTime()
  return campaign.running_ms + Math.max(0, present)
}

/** By the database's clock, as every instant that it stores. */
export async function databaseNow(db: Db): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(db)
  return rows[0]?.now ?? new Date()
}
