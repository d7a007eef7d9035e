import type { ColumnType, Generated, Selectable } from 'kysely'
import type { SuppressionReason } from '#contract/suppressions.ts'

export interface SuppressionsTable {
  user_id: string
  /** HMAC of the canonical phone; see SuppressionList. */
  phone_hash: Buffer
  id: Generated<string>
  /** E.164; null once the person was erased. */
  phone: string | null
  reason: SuppressionReason
  source: 'api' | 'erasure'
  note: string | null
  created_at: ColumnType<Date, undefined, never>
}

export interface SuppressionVersionsTable {
  user_id: string
  version: number
}

export interface SuppressionTables {
  suppressions: SuppressionsTable
  suppression_versions: SuppressionVersionsTable
}

export type SuppressionRow = Selectable<SuppressionsTable>
