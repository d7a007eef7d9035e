import type { AudienceTotals } from '#contract/campaigns.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { CampaignRow } from './campaignTables.ts'

export function totalsOf(row: CampaignRow): AudienceTotals {
  return {
    chosen: row.chosen,
    recipients: row.chosen - row.duplicates - row.invalid,
    duplicates: row.duplicates,
    invalid: row.invalid,
  }
}

/** 409 that says in which state the campaign is. */
export function wrongState(campaign: CampaignRow): AppError {
  return new AppError('CAMPAIGN_STATE', { details: { status: campaign.status, preparing: campaign.preparing } })
}
