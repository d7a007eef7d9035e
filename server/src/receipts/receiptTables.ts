import type { ColumnType, GeneratedAlways } from 'kysely'
import type { GatewayEvent } from '#server/channels/gateways/Gateway.ts'

export interface WebhookInboxTable {
  id: GeneratedAlways<number>
  user_id: string
  channel_id: string
  dedupe_key: Buffer
  events: ColumnType<GatewayEvent[], string, never>
  received_at: ColumnType<Date, undefined, never>
}

export interface ReceiptTables {
  webhook_inbox: WebhookInboxTable
}
