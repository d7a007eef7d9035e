import type { AudienceTotals } from '#contract/campaigns.ts'
import { AppError } from '#server/lib/AppError.ts'
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
