import type { ColumnType, GeneratedAlways } from 'kysely'
import type { GatewayEvent } from '#server/channels/gateways/Gateway.ts'

export interface WebhookInboxTable {
  id: GeneratedAlways<number>
  user_id: string
  channel_id: string
  dedupe_key: Buffer
  events: ColumnType<GatewayEvent[], string, never>
  /** Messages that `events` speak of. */
  receipts: ColumnType<number, number | undefined, never>
  /** How often it was looked at in vain, and when again. */
  tries: ColumnType<number, number | undefined, number>
  retry_at: ColumnType<Date | null, Date | null | undefined, Date | null>
  /** About the number and not about messages. */
  is_connection: ColumnType<boolean, boolean | undefined, never>
  received_at: ColumnType<Date, undefined, never>
}

export interface ReceiptTables {
  webhook_inbox: WebhookInboxTable
}
