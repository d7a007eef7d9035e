import { sql } from 'kysely'
import type { Trx } from '#server/db/Database.ts'

/**
 * Closes up to `limit` open rows of a cancelled campaign: `cancelled`, or `unknown` where the message may have gone
 * out already. Rows in `sending` under a live lane are left for their settle. Returns how many were closed.
 */
export async function cancelRecipients(trx: Trx, userId: string, campaignId: string, limit: number): Promise<number> {
  const { rows } = await sql<{ closed: number }>`
    with target as materialized (
      select c.id, c.status as was, case when c.maybe_sent or c.status = 'sending' then 'unknown' else 'cancelled' end as becomes
      from campaign_contacts c
      where c.user_id = ${userId} and c.campaign_id = ${campaignId} and (
        c.status in ('pending', 'retrying') or (c.status = 'sending' and not exists (
          select 1 from channels l join campaigns p on p.user_id = l.user_id and p.channel_id = l.id
          where p.user_id = c.user_id and p.id = c.campaign_id and l.lane_epoch = c.claim_epoch
            and l.lane_expires_at > clock_timestamp()
        ))
      )
      order by c.id limit ${limit} for update of c skip locked
    ),
    moved as (
      update campaign_contacts c
      set status = t.becomes, status_at = clock_timestamp(), next_attempt_at = null, claim_epoch = null
      from target t where c.user_id = ${userId} and c.campaign_id = ${campaignId} and c.id = t.id
      returning t.was, t.becomes
    ),
    counted as (
      update campaign_counts k
      set pending = k.pending - n.pending, retrying = k.retrying - n.retrying, sending = k.sending - n.sending,
        cancelled = k.cancelled + n.cancelled, unknown = k.unknown + n.unknown
      from (
        select count(*) filter (where was = 'pending') as pending, count(*) filter (where was = 'retrying') as retrying,
          count(*) filter (where was = 'sending') as sending, count(*) filter (where becomes = 'cancelled') as cancelled,
          count(*) filter (where becomes = 'unknown') as unknown
        from moved
      ) n
      where k.user_id = ${userId} and k.campaign_id = ${campaignId}
    )
    select count(*) as closed from moved
  `.execute(trx)
  return rows[0]?.closed ?? 0
}
