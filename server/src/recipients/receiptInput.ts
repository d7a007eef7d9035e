import { sql } from 'kysely'
import type { Receipt } from './applyReceipts.ts'

/** Receipts as a table `i(campaign_id, id, step, state, gateway_id)`. */
export function receiptsInput(receipts: Receipt[]) {
  return sql`unnest(
    ${keysOf(receipts)}, ${receipts.map((receipt) => receipt.state)}::text[],
    ${receipts.map((receipt) => receipt.gatewayId ?? null)}::text[]
  ) as i(campaign_id, id, step, state, gateway_id)`
}

/** The address of each receipt: campaign, recipient, step. */
export function keysOf(receipts: Receipt[]) {
  return sql`${receipts.map((receipt) => receipt.campaignId)}::uuid[], ${receipts.map((receipt) => receipt.id)}::bigint[],
    ${receipts.map((receipt) => receipt.step)}::smallint[]`
}
