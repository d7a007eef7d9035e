import type { ColumnType } from 'kysely'

export interface PhoneChecksTable {
  user_id: string
  /** E.164 */
  phone: string
  is_on_whatsapp: boolean
  jid: string | null
  send_to: string | null
  channel_id: string
  checked_at: ColumnType<Date, undefined, never>
  expires_at: Date
}

export interface PhoneCheckBudgetsTable {
  user_id: string
  channel_id: string
  asked: Date[]
  granted: number
}

export interface PhoneTables {
  phone_checks: PhoneChecksTable
  phone_check_budgets: PhoneCheckBudgetsTable
}
