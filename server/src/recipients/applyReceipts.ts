import { sql } from 'kysely'
import type { FailureCategory } from '#contract/errors.ts'
import type { Trx } from '#server/db/Database.ts'
import { advanceSequences } from './advanceSequences.ts'
import { applyFailures } from './applyFailures.ts'
import { receiptsInput } from './receiptInput.ts'

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
  /** The gateway's own id of the message, where it told one beside ours. */
  gatewayId?: string | null
}

/** `permanent`: another attempt cannot help. */
export type ReportedFailure = { category: FailureCategory; code: string; message: string; permanent?: boolean }

const RANKS = { sent: 0, delivered: 1, read: 2 }

/**
 * Moves recipients forward, never back: sent → delivered → read; also from `sending`, `unknown`, `retrying`, and from
 * `skipped` where a person gave up waiting, because the receipt proves that the message went out. Of a sequence the last step speaks for the recipient; an
 * earlier one lets it go on to the next. `failed` ends one whose message was accepted, at whatever step of it; after a
 * delivery it is only noted in the error log, and nothing leaves it. Counters move in the same transaction. Rows that
 * are not there, or further already, are left alone.
 */
export async function applyReceipts(trx: Trx, userId: string, receipts: Receipt[]): Promise<{ moved: number }> {
  const strongest = keepStrongest(receipts)
  const failed = onePerMessage(receipts.filter(({ state }) => state === 'failed'))
  const [last, earlier] = [true, false].map((isLast) => strongest.filter((receipt) => receipt.isLastStep === isLast))
  await markSteps(trx, userId, strongest)
  const forward = await markRecipients(trx, userId, last ?? [])
  const advanced = await advanceSequences(trx, userId, earlier ?? [])
  const ended = await applyFailures(trx, userId, failed)
  return { moved: forward.moved + advanced.moved + ended.moved }
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
    from ${receiptsInput(receipts)}
    where s.user_id = ${userId} and s.campaign_id = i.campaign_id and s.contact_id = i.id and s.step = i.step
      and i.state <> 'sent' and (s.status = 'sent' or (s.status = 'delivered' and i.state = 'read'))
  `.execute(trx)
}

async function markRecipients(trx: Trx, userId: string, receipts: Receipt[]): Promise<{ moved: number }> {
  if (receipts.length === 0) return { moved: 0 }
  const { rows } = await sql<{ moved: number }>`
    with target as materialized (
      select c.campaign_id, c.id, c.status as was, i.state as becomes, i.gateway_id
      from campaign_contacts c join ${receiptsInput(receipts)}
        on c.campaign_id = i.campaign_id and c.id = i.id and c.step = i.step
      where c.user_id = ${userId} and (
        c.status in ('sending', 'unknown', 'retrying') or (c.status = 'skipped' and c.maybe_sent)
        or (c.status = 'sent' and i.state <> 'sent') or (c.status = 'delivered' and i.state = 'read')
      )
      order by c.campaign_id, c.id for update of c
    ),
    moved as (
      update campaign_contacts c
      set status = t.becomes, status_at = clock_timestamp(), next_attempt_at = null, error_category = null, error_code = null,
        gateway_id = coalesce(c.gateway_id, t.gateway_id),
        sent_at = case when t.was = 'sent' then c.status_at when t.was = 'delivered' then c.sent_at
          when t.becomes <> 'sent' then clock_timestamp() end,
        delivered_at = case when t.was = 'delivered' then c.status_at else c.delivered_at end
      from target t
      where c.user_id = ${userId} and c.campaign_id = t.campaign_id and c.id = t.id
      returning c.campaign_id, t.was, t.becomes
    ),
    counted as (
      update campaign_counts k
      set sending = k.sending - n.sending, sent = k.sent + n.sent - n.from_sent, unknown = k.unknown - n.unknown,
        retrying = k.retrying - n.retrying, skipped = k.skipped - n.skipped,
        delivered = k.delivered + n.delivered - n.from_delivered, read = k.read + n.read
      from (
        select campaign_id,
          count(*) filter (where was = 'sending') as sending, count(*) filter (where was = 'sent') as from_sent,
          count(*) filter (where was = 'unknown') as unknown, count(*) filter (where was = 'retrying') as retrying,
          count(*) filter (where was = 'skipped') as skipped,
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
