import { sql } from 'kysely'
import type { Trx } from '#server/db/Database.ts'

/** What a person decides about recipients of whom nobody knows. */
export type UnknownDecision = 'resend' | 'sent' | 'skip'

const BECOMES = { resend: 'retrying', sent: 'sent', skip: 'skipped' } as const

/**
 * Moves up to `limit` recipients from `unknown`, all or those named, and the counters with them. `resend` makes them
 * due now, for the same id and bytes; `sent` takes only those at the last step (`lastStep`), because it says that every
 * step has arrived. Returns the number moved and the last one's id, to go on after.
 */
export async function decideUnknown(
  trx: Trx,
  campaign: { userId: string; id: string; lastStep: number },
  decision: UnknownDecision,
  options: { ids: number[] | null; after: number; limit: number },
): Promise<{ moved: number; last: number }> {
  const becomes = BECOMES[decision]
  const { rows } = await sql<{ moved: number; last: number }>`
    with target as materialized (
      select id from campaign_contacts
      where user_id = ${campaign.userId} and campaign_id = ${campaign.id} and status = 'unknown' and id > ${options.after}
        and (${options.ids}::bigint[] is null or id = any(${options.ids}::bigint[]))
        and (${decision !== 'sent'} or step = ${campaign.lastStep})
      order by id limit ${options.limit} for update
    ),
    moved as (
      update campaign_contacts c
      set status = ${becomes}, status_at = clock_timestamp(), maybe_sent = true,
        resends = case when ${decision === 'resend'} then 0 else c.resends end,
        next_attempt_at = case when ${decision === 'resend'} then clock_timestamp() end,
        error_category = null, error_code = ${decision === 'skip' ? 'UNKNOWN' : null}
      from target t where c.user_id = ${campaign.userId} and c.campaign_id = ${campaign.id} and c.id = t.id
      returning c.id
    ),
    counted as (
      update campaign_counts k
      set unknown = k.unknown - n.moved, ${sql.ref(becomes)} = ${sql.ref(`k.${becomes}`)} + n.moved
      from (select count(*) as moved from moved) n
      where k.user_id = ${campaign.userId} and k.campaign_id = ${campaign.id}
    )
    select count(*) as moved, coalesce(max(id), 0) as last from moved
  `.execute(trx)
  return rows[0] ?? { moved: 0, last: 0 }
}
