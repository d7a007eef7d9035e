import { sql } from 'kysely'
import type { Trx } from '#server/db/Database.ts'
import type { Receipt, ReportedFailure } from './applyReceipts.ts'
import { keysOf } from './receiptInput.ts'

const UNEXPLAINED: ReportedFailure = {
  category: 'API_ERROR',
  code: 'REPORTED',
  message: 'The gateway reported that the message did not arrive.',
}

/** Messages that were accepted and did not arrive: their steps, recipients, counters and the error log. */
export async function applyFailures(trx: Trx, userId: string, receipts: Receipt[]): Promise<{ moved: number }> {
  if (receipts.length === 0) return { moved: 0 }
  await failSteps(trx, userId, receipts)
  return failRecipients(trx, userId, receipts)
}

async function failSteps(trx: Trx, userId: string, receipts: Receipt[]): Promise<void> {
  await sql`
    update campaign_contact_steps s set status = 'failed'
    from ${failuresInput(receipts)}
    where s.user_id = ${userId} and s.campaign_id = i.campaign_id and s.contact_id = i.id and s.step = i.step
      and s.status = 'sent'
  `.execute(trx)
}

/**
 * Ends the recipient, also where it has gone on to a later step. Not where the message, or the last one, is known to
 * have arrived; nor while another attempt of this step is due that may still succeed. What does not end the recipient is
 * noted once: a webhook that comes twice finds its row `failed`, or the log is asked, which is slow and rare.
 */
async function failRecipients(trx: Trx, userId: string, receipts: Receipt[]): Promise<{ moved: number }> {
  const { rows } = await sql<{ moved: number }>`
    with target as materialized (
      select c.campaign_id, c.id, c.status as was, i.category, i.code, i.message,
        (c.status in ('sending', 'unknown', 'sent') or (c.status = 'retrying' and (c.step > i.step or i.permanent)))
        and not exists (
          select 1 from campaign_contact_steps s
          where s.user_id = c.user_id and s.campaign_id = c.campaign_id and s.contact_id = c.id and s.step = i.step
            and s.status in ('delivered', 'read')
        ) as ends
      from campaign_contacts c join ${failuresInput(receipts)}
        on c.campaign_id = i.campaign_id and c.id = i.id and c.step >= i.step
      where c.user_id = ${userId} and (
        c.status in ('sending', 'unknown', 'sent', 'delivered', 'read', 'cancelled')
        or (c.status = 'retrying' and (c.step > i.step or i.permanent))
      )
      order by c.campaign_id, c.id, i.step for update of c
    ),
    -- Two steps of one recipient may have failed; the first of them is the reason.
    ending as (select distinct on (campaign_id, id) * from target where ends order by campaign_id, id),
    moved as (
      update campaign_contacts c
      set status = 'failed', status_at = clock_timestamp(), next_attempt_at = null, claim_epoch = null,
        error_category = t.category, error_code = t.code,
        sent_at = case when t.was = 'sent' then c.status_at else c.sent_at end
      from ending t
      where c.user_id = ${userId} and c.campaign_id = t.campaign_id and c.id = t.id
      returning c.campaign_id, t.was, t.category
    ),
    errors as (
      insert into campaign_error_logs (user_id, campaign_id, contact_id, error_type, error_code, error_message)
      select ${userId}, campaign_id, id, category, code, message from target t
      where t.ends or not exists (
        select 1 from campaign_error_logs e
        where e.campaign_id = t.campaign_id and e.contact_id = t.id and e.error_code = t.code
      )
    ),
    failures as (
      insert into campaign_failure_counts as f (user_id, campaign_id, category, failed)
      select ${userId}, campaign_id, category, count(*) from moved
      group by campaign_id, category order by campaign_id, category
      on conflict (user_id, campaign_id, category) do update set failed = f.failed + excluded.failed
    ),
    counted as (
      update campaign_counts k
      set sending = k.sending - n.sending, sent = k.sent - n.sent, unknown = k.unknown - n.unknown,
        retrying = k.retrying - n.retrying, failed = k.failed + n.failed
      from (
        select campaign_id, count(*) as failed,
          count(*) filter (where was = 'sending') as sending, count(*) filter (where was = 'sent') as sent,
          count(*) filter (where was = 'unknown') as unknown, count(*) filter (where was = 'retrying') as retrying
        from moved group by campaign_id order by campaign_id
      ) n
      where k.user_id = ${userId} and k.campaign_id = n.campaign_id
    )
    select count(*) as moved from moved
  `.execute(trx)
  return rows[0] ?? { moved: 0 }
}

function failuresInput(receipts: Receipt[]) {
  const failures = receipts.map(({ failure }) => failure ?? UNEXPLAINED)
  return sql`unnest(
    ${keysOf(receipts)}, ${failures.map(({ permanent }) => permanent === true)}::boolean[],
    ${failures.map(({ category }) => category)}::text[], ${failures.map(({ code }) => code)}::text[],
    ${failures.map(({ message }) => message)}::text[]
  ) as i(campaign_id, id, step, permanent, category, code, message)`
}
