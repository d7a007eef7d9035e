import type { ColumnType, GeneratedAlways } from 'kysely'

export interface CampaignAuditLogsTable {
  id: GeneratedAlways<number>
  campaign_id: string
  /** Who did it; null where the product did it by itself. */
  user_id: string | null
  action: string
  details: ColumnType<Record<string, unknown>, string | undefined, never>
  created_at: ColumnType<Date, undefined, never>
}

export interface AuditTables {
  campaign_audit_logs: CampaignAuditLogsTable
}
