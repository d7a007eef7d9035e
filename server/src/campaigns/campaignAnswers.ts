import type { AudienceTotals, CampaignSummary } from '#contract/campaigns.ts'
import { totalOf } from '#contract/states.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { CampaignListRow } from './campaignQueries.ts'
import type { CampaignRow } from './campaignTables.ts'

export function totalsOf(row: CampaignRow): AudienceTotals {
  const leftOut = row.suppressed + row.excluded + row.recently_written
  return {
    chosen: row.chosen,
    recipients: row.chosen - row.duplicates - row.invalid - leftOut,
    duplicates: row.duplicates,
    invalid: row.invalid,
    suppressed: row.suppressed,
    excluded: row.excluded,
    recentlyWritten: row.recently_written,
    lackingVariables: row.lacking_variables,
  }
}

/** 409 that says in which state the campaign is. */
export function wrongState(campaign: CampaignRow): AppError {
  return new AppError('CAMPAIGN_STATE', { details: { status: campaign.status, preparing: campaign.preparing } })
}

/** As a list shows it. */
export function toSummary(row: CampaignListRow): CampaignSummary {
  return {
    id: row.id,
    name: row.name,
    channelId: row.channel_id,
    channelName: row.channelName,
    status: row.status,
    pauseReason: row.pause_reason,
    preparing: row.preparing,
    startRequested: row.start_requested,
    stats: { ...row.counts, total: totalOf(row.counts) },
    scheduledAt: row.scheduled_at?.toISOString() ?? null,
    timeZone: row.time_zone,
    createdAt: row.created_at.toISOString(),
    startedAt: row.started_at?.toISOString() ?? null,
    finishedAt: row.finished_at?.toISOString() ?? null,
  }
}
