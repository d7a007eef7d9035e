import { sql } from 'kysely'
import type { Trx } from '#server/db/Database.ts'
import type { GatewayEvent } from '#server/channels/gateways/Gateway.ts'

/**
 * Takes out of stored webhooks what names a person: by one of `texts`, the number or an id that contains it. They wait
 * for minutes at most; what they would have told of somebody who was erased is lost.
 */
export async function forgetInWebhooks(trx: Trx, userId: string, texts: string[]): Promise<void> {
  const { rows } = await sql<{ id: number; events: GatewayEvent[] }>`
    select id, events from webhook_inbox
    where user_id = ${userId} and exists (
      select from unnest(${texts}::text[]) as t(text) where position(t.text in events::text) > 0
    )
    order by id for update
  `.execute(trx)
  for (const { id, events } of rows) {
    const kept = events.filter((event) => !texts.some((text) => JSON.stringify(event).includes(text)))
    await sql`update webhook_inbox set events = ${JSON.stringify(kept)} where id = ${id}`.execute(trx)
  }
}
