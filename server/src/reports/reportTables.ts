import type { ColumnType } from 'kysely'

/** Sums since the start of the campaign. */
export interface CampaignSamplesTable {
  user_id: string
  campaign_id: string
  at: ColumnType<Date, Date | undefined, never>
  accepted: number
  delivered: number
  read: number
  failed: number
}

export interface ReportTables {
  campaign_samples: CampaignSamplesTable
}
