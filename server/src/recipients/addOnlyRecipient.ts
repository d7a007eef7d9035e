import { sql } from 'kysely'
import type { Trx } from '#server/db/Database.ts'

/** The books of a single message: its one recipient, pending, and the counters. */
export async function addOnlyRecipient(
  trx: Trx,
  userId: string,
  campaignId: string,
  recipient: { phone: string; name: string | null; variables: Record<string, string> },
): Promise<void> {
  await sql`
    with counted as (
      insert into campaign_counts (user_id, campaign_id, pending) values (${userId}, ${campaignId}, 1)
    )
    insert into campaign_contacts (user_id, campaign_id, id, processing_order, phone, name, variables)
    values (${userId}, ${campaignId}, 1, 1, ${recipient.phone}, ${recipient.name}, ${JSON.stringify(recipient.variables)})
  `.execute(trx)
}
