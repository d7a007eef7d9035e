import { sql } from 'kysely'
import type { Db, Trx } from '#server/db/Database.ts'

/** Where a message stands in the books: `steps` is how many the campaign's sequence has. */
export type MessagePlace = { campaignId: string; id: number; step: number; steps: number }

/** The messages of this user and channel that the gateway knows by these ids of its own. */
export async function findByGatewayIds(
  db: Db | Trx,
  userId: string,
  channelId: string,
  gatewayIds: string[],
): Promise<Map<string, MessagePlace>> {
  if (gatewayIds.length === 0) return new Map()
  const { rows } = await sql<MessagePlace & { gatewayId: string }>`
    select m.gateway_id as "gatewayId", m.campaign_id as "campaignId", m.id, m.step,
      jsonb_array_length(p.messages) as steps
    from (
      select gateway_id, campaign_id, id, step from campaign_contacts
      where user_id = ${userId} and gateway_id = any(${gatewayIds}::text[])
      union
      select gateway_id, campaign_id, contact_id, step from campaign_contact_steps
      where user_id = ${userId} and gateway_id = any(${gatewayIds}::text[])
    ) m join campaigns p on p.user_id = ${userId} and p.id = m.campaign_id and p.channel_id = ${channelId}
  `.execute(db)
  return new Map(rows.map(({ gatewayId, ...place }) => [gatewayId, place]))
}
