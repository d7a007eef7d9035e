import type { ColumnType, GeneratedAlways } from 'kysely'

/** Append-only for the application; rows leave through `delete_expired_rows`. */
export interface CampaignAuditLogsTable {
  id: GeneratedAlways<number>
  campaign_id: string
  /** Whose campaign it is; null for rows older than this column whose campaign was gone. */
  owner_id: string | null
  /** Who did it; null where the product did it by itself. */
  user_id: string | null
  action: string
  details: ColumnType<Record<string, unknown>, string | undefined, never>
  /** From where, as far as it is known. */
  address: string | null
  created_at: ColumnType<Date, undefined, never>
}

/** The same for what happens to an account beside its campaigns. */
export interface AuditEventsTable {
  id: GeneratedAlways<number>
  owner_id: string | null
  user_id: string | null
  action: string
  /** Id of what it was done to. */
  target: string | null
  details: ColumnType<Record<string, unknown>, string | undefined, never>
  address: string | null
  created_at: ColumnType<Date, undefined, never>
}

/** One row: the daily removal of what is old. */
export interface RetentionRunsTable {
  only_row: boolean
  due_at: Date
  owner: string | null
  owner_expires_at: Date | null
  last_started_at: Date | null
  last_finished_at: Date | null
  last_removed: ColumnType<Record<string, number> | null, never, string>
}

export interface AuditTables {
  campaign_audit_logs: CampaignAuditLogsTable
  audit_events: AuditEventsTable
  retention_runs: RetentionRunsTable
}
