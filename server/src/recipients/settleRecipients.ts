import { sql } from 'kysely'
import type { FailureCategory } from '#contract/errors.ts'
import type { Db } from '#server/db/Database.ts'
import { isDatabaseDown } from '#server/db/isDatabaseDown.ts'
import { retryOnConflict } from '#server/db/transaction.ts'
import { failpoints } from '#server/lib/failpoints.ts'
import type { LaneHold } from './claimRecipients.ts'

/** What becomes of one claimed recipient. */
export type Settlement = {
  campaignId: string
  id: number
  /** `pending` gives an unsent row back; `retrying` waits `retryInMs` (also between two steps of a sequence). */
  status: 'sent' | 'failed' | 'skipped' | 'unknown' | 'retrying' | 'pending'
  /** The step the row stands at afterwards. */
  step: number
  /** The step that was accepted just now, where a sequence has more than one; it gets a row of its own. */
  finishedStep: number | null
  attempts: number
  resends: number
  maybeSent: boolean
  retryInMs: number | null
  /** From now on the step goes out as text, because its file cannot be sent. */
  usesFallback?: boolean
  /** The gateway's own id of the message just accepted, where it does not use ours. */
  gatewayId: string | null
  /** Set for every failed attempt; each becomes one row in the error log. */
  error: { category: FailureCategory; code: string; message: string } | null
  /** Why somebody was left out without a failure; stands where an error's code would. */
  reason?: string
}

/** What the lane must remember across a crash, written with the settle. Null leaves it as it is. */
export type PaceMark = { nextSlotInMs: number | null; backOffInMs: number | null }

export type SettleResult = {
  /** False when the lane is no longer ours: then nothing was written. */
  authorised: boolean
  moved: number
  /** Why the attempts' errors could not be logged; null when they were, or there were none. */
  unlogged: unknown
}

/**
 * Writes the outcomes of sends: rows, error log, finished steps and counters in one statement. The lane row is locked
 * first and its epoch alone decides authority; a stale worker moves nothing. A row that a receipt has moved forward
 * meanwhile stays where it is. Repeating a settle whose acknowledgement was lost changes nothing.
 *
 * The books come before the log: when it is the error log that cannot be written, the outcomes are written without it.
 */
export async function settleRecipients(
  db: Db,
  lane: LaneHold,
  settlements: Settlement[],
  pace: PaceMark,
): Promise<SettleResult> {
  // Same order everywhere, so that two writers of the same rows wait instead of deadlocking.
  const rows = settlements.toSorted((a, b) =>
    a.campaignId === b.campaignId ? a.id - b.id : a.campaignId < b.campaignId ? -1 : 1,
  )
  try {
    return await retryOnConflict(() => settleOnce(db, lane, rows, pace, { logErrors: true }))
  } catch (error) {
    if (isDatabaseDown(error) || rows.every((row) => row.error === null)) throw error
    const result = await retryOnConflict(() => settleOnce(db, lane, rows, pace, { logErrors: false }))
    return { ...result, unlogged: error }
  }
}

async function settleOnce(
  db: Db,
  lane: LaneHold,
  rows: Settlement[],
  pace: PaceMark,
  { logErrors }: { logErrors: boolean },
): Promise<SettleResult> {
  const hasErrors = rows.some((row) => row.error !== null)
  if (failpoints !== null && logErrors && hasErrors) await failpoints.pass('during_error_log')
  const { rows: results } = await sql<{ authorised: boolean; moved: number }>`
    with ${authority(lane, pace)},
    input as (
      select * from unnest(
        ${rows.map((row) => row.campaignId)}::uuid[], ${rows.map((row) => row.id)}::bigint[],
        ${rows.map((row) => row.status)}::text[], ${rows.map((row) => row.step)}::smallint[],
        ${rows.map((row) => row.finishedStep)}::smallint[], ${rows.map((row) => row.attempts)}::smallint[],
        ${rows.map((row) => row.resends)}::smallint[], ${rows.map((row) => row.maybeSent)}::boolean[],
        ${rows.map((row) => row.retryInMs)}::double precision[], ${rows.map((row) => row.error?.category ?? null)}::text[],
        ${rows.map((row) => row.error?.code ?? row.reason ?? null)}::text[], ${rows.map((row) => row.error?.message ?? null)}::text[],
        ${rows.map((row) => row.gatewayId)}::text[], ${rows.map((row) => row.usesFallback ?? false)}::boolean[]
      ) as i(campaign_id, id, status, step, finished_step, attempts, resends, maybe_sent, retry_ms, category, code, message, gateway_id, uses_fallback)
    ),
    moved as (
      update campaign_contacts c
      set status = i.status, step = i.step, attempts = i.attempts, resends = i.resends, maybe_sent = i.maybe_sent,
        uses_fallback = i.uses_fallback,
        claim_epoch = null, started_epoch = null, started_deaths = 0,
        next_attempt_at = clock_timestamp() + i.retry_ms * interval '1 millisecond',
        rendered_at = case when i.step = c.step then c.rendered_at end,
        status_at = clock_timestamp(), error_category = i.category, error_code = i.code,
        gateway_id = case when i.step = c.step then coalesce(i.gateway_id, c.gateway_id) end
      from input i
      where c.user_id = ${lane.userId} and c.campaign_id = i.campaign_id and c.id = i.id
        and c.status = 'sending' and c.claim_epoch = ${lane.epoch} and exists (select 1 from authority)
        -- A receipt may have moved it on, and somebody claimed it for the next step meanwhile.
        and c.step = coalesce(i.finished_step, i.step)
      returning c.campaign_id, c.id, c.status, i.finished_step, i.category, i.code, i.message, i.gateway_id
    ),
    steps as (
      insert into campaign_contact_steps (user_id, campaign_id, contact_id, step, status, gateway_id)
      select ${lane.userId}, campaign_id, id, finished_step, 'sent', gateway_id from moved where finished_step is not null
      on conflict do nothing
    ),
    ${logErrors ? errorLog(lane) : sql``}
    failures as (
      insert into campaign_failure_counts as f (user_id, campaign_id, category, failed)
      select ${lane.userId}, campaign_id, category, count(*) from moved
      where status = 'failed' and category is not null group by campaign_id, category order by campaign_id, category
      on conflict (user_id, campaign_id, category) do update set failed = f.failed + excluded.failed
    ),
    counted as (
      update campaign_counts k
      set sending = k.sending - n.moved, sent = k.sent + n.sent, failed = k.failed + n.failed,
        skipped = k.skipped + n.skipped, unknown = k.unknown + n.unknown, retrying = k.retrying + n.retrying,
        pending = k.pending + n.pending
      from (
        select campaign_id, count(*) as moved,
          count(*) filter (where status = 'sent') as sent, count(*) filter (where status = 'failed') as failed,
          count(*) filter (where status = 'skipped') as skipped, count(*) filter (where status = 'unknown') as unknown,
          count(*) filter (where status = 'retrying') as retrying, count(*) filter (where status = 'pending') as pending
        from moved group by campaign_id order by campaign_id
      ) n
      where k.user_id = ${lane.userId} and k.campaign_id = n.campaign_id
    )
    select exists (select 1 from authority) as authorised, (select count(*) from moved) as moved
  `.execute(db)
  if (failpoints !== null) await failpoints.pass('after_settle_sql')
  return { authorised: false, moved: 0, ...results[0], unlogged: null }
}

function errorLog(lane: LaneHold) {
  return sql`errors as (
    insert into campaign_error_logs (user_id, campaign_id, contact_id, error_type, error_code, error_message)
    select ${lane.userId}, campaign_id, id, category, code, message from moved where category is not null
  ),`
}

/** Locks the lane row while it is ours; with a pace to remember the lock is the write itself. */
function authority(lane: LaneHold, pace: PaceMark) {
  const mine = sql`user_id = ${lane.userId} and id = ${lane.channelId} and lane_owner = ${lane.owner} and lane_epoch = ${lane.epoch}`
  if (pace.nextSlotInMs === null && pace.backOffInMs === null) {
    return sql`authority as materialized (select 1 from channels where ${mine} for share)`
  }
  const later = (ms: number) => sql`clock_timestamp() + ${ms}::double precision * interval '1 millisecond'`
  return sql`authority as (
    update channels set
      next_slot_at = ${pace.nextSlotInMs === null ? sql`next_slot_at` : later(pace.nextSlotInMs)},
      back_off_until = ${pace.backOffInMs === null ? sql`back_off_until` : later(pace.backOffInMs)}
    where ${mine} returning 1
  )`
}
