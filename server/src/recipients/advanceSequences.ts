import { sql } from 'kysely'
import type { Trx } from '#server/db/Database.ts'
import type { Receipt } from './applyReceipts.ts'
import { receiptsInput } from './receiptInput.ts'

/**
 * A step that is not the last and of which nobody knew whether it went out, or whose outcome is not written yet, did go
 * out: its recipient waits for the next step, as after an answer. Only while the campaign may still send. The settle of
 * that step, should it come later, finds the row at another step and leaves it.
 */
export async function advanceSequences(trx: Trx, userId: string, receipts: Receipt[]): Promise<{ moved: number }> {
  if (receipts.length === 0) return { moved: 0 }
  const { rows } = await sql<{ moved: number }>`
    with open as materialized (
      -- Locked, so that it does not complete between this look and our commit.
      select p.id, p.messages from campaigns p
      where p.user_id = ${userId} and p.id = any(${receipts.map(({ campaignId }) => campaignId)}::uuid[])
        and p.status in ('running', 'paused') order by p.id for share
    ),
    target as materialized (
      select c.campaign_id, c.id, c.step, c.status as was, i.state, coalesce(c.gateway_id, i.gateway_id) as gateway_id,
        coalesce((o.messages -> (c.step + 1) ->> 'delayBeforeMs')::double precision, 0) as delay_ms
      from campaign_contacts c
        join ${receiptsInput(receipts)} on c.campaign_id = i.campaign_id and c.id = i.id and c.step = i.step
        join open o on o.id = c.campaign_id
      where c.user_id = ${userId} and c.status in ('sending', 'unknown', 'retrying')
      order by c.campaign_id, c.id for update of c
    ),
    moved as (
      update campaign_contacts c
      set status = 'retrying', step = t.step + 1, attempts = 0, resends = 0, maybe_sent = false, uses_fallback = false, claim_epoch = null,
        started_epoch = null, started_deaths = 0, rendered_at = null, gateway_id = null, status_at = clock_timestamp(),
        next_attempt_at = clock_timestamp() + t.delay_ms * interval '1 millisecond', error_category = null, error_code = null
      from target t
      where c.user_id = ${userId} and c.campaign_id = t.campaign_id and c.id = t.id
      returning c.campaign_id, c.id, t.step, t.was, t.state, t.gateway_id
    ),
    steps as (
      insert into campaign_contact_steps (user_id, campaign_id, contact_id, step, status, gateway_id)
      select ${userId}, campaign_id, id, step, state, gateway_id from moved
      on conflict do nothing
    ),
    counted as (
      update campaign_counts k
      set sending = k.sending - n.sending, unknown = k.unknown - n.unknown, retrying = k.retrying + n.sending + n.unknown
      from (
        select campaign_id, count(*) filter (where was = 'sending') as sending,
          count(*) filter (where was = 'unknown') as unknown
        from moved group by campaign_id order by campaign_id
      ) n
      where k.user_id = ${userId} and k.campaign_id = n.campaign_id
    )
    select count(*) as moved from moved
  `.execute(trx)
  return rows[0] ?? { moved: 0 }
}
