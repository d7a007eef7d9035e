import { sql } from 'kysely'
import type { Trx } from '#server/db/Database.ts'

/** A delivery report for one recipient, whose campaign was found by the tag in the message id. */
export type Receipt = {
  campaignId: string
  id: number
  step: number
  /** Whether `step` is the last of the campaign: only then does it speak for the recipient as a whole. */
  isLastStep: boolean
  state: 'delivered' | 'read'
}

/**
 * Moves recipients forward, never back: sent → delivered → read; also from `sending`, `unknown` and a maybe-sent
 * `retrying`, because the receipt proves that the message went out. Counters move in the same transaction. Rows that
 * are not there, or further already, are left alone.
 */
export async function applyReceipts(trx: Trx, userId: string, receipts: Receipt[]): Promise<{ moved: number }> {
  const strongest = keepStrongest(receipts)
  await markSteps(trx, userId, strongest)
  return markRecipients(
    trx,
    userId,
    strongest.filter((receipt) => receipt.isLastStep),
  )
}

/** One receipt per message, `read` before `delivered`, in the lock order of the books. */
function keepStrongest(receipts: Receipt[]): Receipt[] {
  const byMessage = new Map<string, Receipt>()
  for (const receipt of receipts) {
    const key = `${receipt.campaignId}/${receipt.id}/${receipt.step}`
    if (receipt.state === 'read' || !byMessage.has(key)) byMessage.set(key, receipt)
  }
  return [...byMessage.values()]
}

async function markSteps(trx: Trx, userId: string, receipts: Receipt[]): Promise<void> {
  if (receipts.length === 0) return
  await sql`
    update campaign_contact_steps s set status = i.state
    from ${inputOf(receipts)}
    where s.user_id = ${userId} and s.campaign_id = i.campaign_id and s.contact_id = i.id and s.step = i.step
      and (s.status = 'sent' or (s.status = 'delivered' and i.state = 'read'))
  `.execute(trx)
}

async function markRecipients(trx: Trx, userId: string, receipts: Receipt[]): Promise<{ moved: number }> {
  if (receipts.length === 0) return { moved: 0 }
  const { rows } = await sql<{ moved: number }>`
    with target as materialized (
      select c.campaign_id, c.id, c.status as was, i.state as becomes
      from campaign_contacts c join ${inputOf(receipts)}
        on c.campaign_id = i.campaign_id and c.id = i.id and c.step = i.step
      where c.user_id = ${userId} and (
        c.status in ('sending', 'sent', 'unknown') or (c.status = 'retrying' and c.maybe_sent)
        or (c.status = 'delivered' and i.state = 'read')
      )
      order by c.campaign_id, c.id for update of c
    ),
    moved as (
      update campaign_contacts c
      set status = t.becomes, status_at = clock_timestamp(), next_attempt_at = null, error_category = null, error_code = null
      from target t
      where c.user_id = ${userId} and c.campaign_id = t.campaign_id and c.id = t.id
      returning c.campaign_id, t.was, t.becomes
    ),
    counted as (
      update campaign_counts k
      set sending = k.sending - n.sending, sent = k.sent - n.sent, unknown = k.unknown - n.unknown,
        retrying = k.retrying - n.retrying, delivered = k.delivered + n.delivered - n.from_delivered, read = k.read + n.read
      from (
        select campaign_id,
          count(*) filter (where was = 'sending') as sending, count(*) filter (where was = 'sent') as sent,
          count(*) filter (where was = 'unknown') as unknown, count(*) filter (where was = 'retrying') as retrying,
          count(*) filter (where was = 'delivered') as from_delivered,
          count(*) filter (where becomes = 'delivered') as delivered, count(*) filter (where becomes = 'read') as read
        from moved group by campaign_id order by campaign_id
      ) n
      where k.user_id = ${userId} and k.campaign_id = n.campaign_id
    )
    select count(*) as moved from moved
  `.execute(trx)
  return rows[0] ?? { moved: 0 }
}

function inputOf(receipts: Receipt[]) {
  return sql`unnest(
    ${receipts.map((receipt) => receipt.campaignId)}::uuid[], ${receipts.map((receipt) => receipt.id)}::bigint[],
    ${receipts.map((receipt) => receipt.step)}::smallint[], ${receipts.map((receipt) => receipt.state)}::text[]
  ) as i(campaign_id, id, step, state)`
}
