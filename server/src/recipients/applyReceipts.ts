import { sql } from 'kysely'
import type { FailureCategory } from '#contract/errors.ts'
import type { Trx } from '#server/db/Database.ts'

/** A delivery report for one recipient, whose campaign was found by the tag in the message id. */
export type Receipt = {
  campaignId: string
  id: number
  step: number
  /** Whether `step` is the last of the campaign: only then does it speak for the recipient as a whole. */
  isLastStep: boolean
  state: 'sent' | 'delivered' | 'read' | 'failed'
  /** Why, for `failed`. */
  failure?: ReportedFailure | null
}

export type ReportedFailure = { category: FailureCategory; code: string; message: string }

const RANKS = { sent: 0, delivered: 1, read: 2 }
const UNEXPLAINED: ReportedFailure = {
  category: 'API_ERROR',
  code: 'REPORTED',
  message: 'The gateway reported that the message did not arrive.',
}

/**
 * Moves recipients forward, never back: sent → delivered → read; also from `sending`, `unknown` and `retrying`,
 * because the receipt proves that the message went out. `failed` ends one that was accepted; after a delivery it is
 * only noted in the error log, and nothing leaves it. Counters move in the same transaction. Rows that are not there,
 * or further already, are left alone.
 */
export async function applyReceipts(trx: Trx, userId: string, receipts: Receipt[]): Promise<{ moved: number }> {
  const strongest = keepStrongest(receipts)
  const failed = onePerMessage(receipts.filter(({ state }) => state === 'failed'))
  await markSteps(trx, userId, strongest)
  const forward = await markRecipients(
    trx,
    userId,
    strongest.filter(({ isLastStep }) => isLastStep),
  )
  await failSteps(trx, userId, failed)
  const ended = await failRecipients(
    trx,
    userId,
    failed.filter(({ isLastStep }) => isLastStep),
  )
  return { moved: forward.moved + ended.moved }
}

/** Of what speaks for an arrival one receipt per message, the furthest. */
function keepStrongest(receipts: Receipt[]): Receipt[] {
  const arrivals = receipts.filter(({ state }) => state !== 'failed')
  return onePerMessage(arrivals.toSorted((a, b) => rankOf(b) - rankOf(a)))
}

function rankOf({ state }: Receipt): number {
  return state === 'failed' ? -1 : RANKS[state]
}

function onePerMessage(receipts: Receipt[]): Receipt[] {
  const byMessage = new Map<string, Receipt>()
  for (const receipt of receipts) {
    const key = `${receipt.campaignId}/${receipt.id}/${receipt.step}`
    if (!byMessage.has(key)) byMessage.set(key, receipt)
  }
  return [...byMessage.values()]
}

async function markSteps(trx: Trx, userId: string, receipts: Receipt[]): Promise<void> {
  if (receipts.length === 0) return
  await sql`
    update campaign_contact_steps s set status = i.state
    from ${inputOf(receipts)}
    where s.user_id = ${userId} and s.campaign_id = i.campaign_id and s.contact_id = i.id and s.step = i.step
      and i.state <> 'sent' and (s.status = 'sent' or (s.status = 'delivered' and i.state = 'read'))
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
        c.status in ('sending', 'unknown', 'retrying')
        or (c.status = 'sent' and i.state <> 'sent') or (c.status = 'delivered' and i.state = 'read')
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
      set sending = k.sending - n.sending, sent = k.sent + n.sent - n.from_sent, unknown = k.unknown - n.unknown,
        retrying = k.retrying - n.retrying, delivered = k.delivered + n.delivered - n.from_delivered, read = k.read + n.read
      from (
        select campaign_id,
          count(*) filter (where was = 'sending') as sending, count(*) filter (where was = 'sent') as from_sent,
          count(*) filter (where was = 'unknown') as unknown, count(*) filter (where was = 'retrying') as retrying,
          count(*) filter (where was = 'delivered') as from_delivered, count(*) filter (where becomes = 'sent') as sent,
          count(*) filter (where becomes = 'delivered') as delivered, count(*) filter (where becomes = 'read') as read
        from moved group by campaign_id order by campaign_id
      ) n
      where k.user_id = ${userId} and k.campaign_id = n.campaign_id
    )
    select count(*) as moved from moved
  `.execute(trx)
  return rows[0] ?? { moved: 0 }
}

/** A finished step of a sequence that did not arrive: its row and the error log say so, the sequence goes on. */
async function failSteps(trx: Trx, userId: string, receipts: Receipt[]): Promise<void> {
  if (receipts.length === 0) return
  await sql`
    with failed as (
      update campaign_contact_steps s set status = 'failed'
      from ${failuresOf(receipts)}
      where s.user_id = ${userId} and s.campaign_id = i.campaign_id and s.contact_id = i.id and s.step = i.step
        and s.status = 'sent'
      returning s.campaign_id, s.contact_id, i.is_last, i.category, i.code, i.message
    )
    insert into campaign_error_logs (user_id, campaign_id, contact_id, error_type, error_code, error_message)
    select ${userId}, campaign_id, contact_id, category, code, message from failed where not is_last
  `.execute(trx)
}

/**
 * A webhook that comes twice finds its row `failed` and writes nothing; of one that comes after a delivery the log is
 * asked, which is slow and rare.
 */
async function failRecipients(trx: Trx, userId: string, receipts: Receipt[]): Promise<{ moved: number }> {
  if (receipts.length === 0) return { moved: 0 }
  const { rows } = await sql<{ moved: number }>`
    with target as materialized (
      select c.campaign_id, c.id, c.status as was, i.category, i.code, i.message
      from campaign_contacts c join ${failuresOf(receipts)}
        on c.campaign_id = i.campaign_id and c.id = i.id and c.step = i.step
      where c.user_id = ${userId} and c.status in ('sending', 'unknown', 'sent', 'delivered', 'read')
      order by c.campaign_id, c.id for update of c
    ),
    moved as (
      update campaign_contacts c
      set status = 'failed', status_at = clock_timestamp(), next_attempt_at = null,
        error_category = t.category, error_code = t.code
      from target t
      where c.user_id = ${userId} and c.campaign_id = t.campaign_id and c.id = t.id
        and t.was in ('sending', 'unknown', 'sent')
      returning c.campaign_id, t.was, t.category
    ),
    errors as (
      insert into campaign_error_logs (user_id, campaign_id, contact_id, error_type, error_code, error_message)
      select ${userId}, campaign_id, id, category, code, message from target t
      where t.was in ('sending', 'unknown', 'sent') or not exists (
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
        failed = k.failed + n.failed
      from (
        select campaign_id, count(*) as failed,
          count(*) filter (where was = 'sending') as sending, count(*) filter (where was = 'sent') as sent,
          count(*) filter (where was = 'unknown') as unknown
        from moved group by campaign_id order by campaign_id
      ) n
      where k.user_id = ${userId} and k.campaign_id = n.campaign_id
    )
    select count(*) as moved from moved
  `.execute(trx)
  return rows[0] ?? { moved: 0 }
}

function inputOf(receipts: Receipt[]) {
  return sql`unnest(${keysOf(receipts)}, ${receipts.map((receipt) => receipt.state)}::text[]) as i(campaign_id, id, step, state)`
}

function failuresOf(receipts: Receipt[]) {
  const failures = receipts.map(({ failure }) => failure ?? UNEXPLAINED)
  return sql`unnest(
    ${keysOf(receipts)}, ${receipts.map((receipt) => receipt.isLastStep)}::boolean[],
    ${failures.map(({ category }) => category)}::text[], ${failures.map(({ code }) => code)}::text[],
    ${failures.map(({ message }) => message)}::text[]
  ) as i(campaign_id, id, step, is_last, category, code, message)`
}

function keysOf(receipts: Receipt[]) {
  return sql`${receipts.map((receipt) => receipt.campaignId)}::uuid[], ${receipts.map((receipt) => receipt.id)}::bigint[],
    ${receipts.map((receipt) => receipt.step)}::smallint[]`
}
