import { sql } from 'kysely'
import { RECENTLY_WRITTEN } from '#contract/frequencyCap.ts'
import type { RecipientStatus } from '#contract/states.ts'
import { SUPPRESSED } from '#contract/suppressions.ts'
import type { Db } from '#server/db/Database.ts'
import { addressKnownFor } from '#server/phone/addressKnownFor.ts'
import { isSuppressed } from '#server/suppressions/isSuppressed.ts'

/** The right to send on a channel: valid only while the lane row says the same owner and epoch. */
export type LaneHold = { userId: string; channelId: string; owner: string; epoch: number }

/** A recipient in `sending`, held by us. */
export type ClaimedRecipient = {
  id: number
  phone: string
  /** The JID to send to where the number itself will not do. Stamped with `renderedAt`. */
  sendTo: string | null
  name: string | null
  variables: Record<string, string>
  step: number
  attempts: number
  resends: number
  maybeSent: boolean
  /** Found in `sending` after its worker had died, and its message is not made yet. */
  isSuspect: boolean
  /** How often somebody began to make its message since, and never came to the end. */
  startedDeaths: number
  /** The file of this step could not be sent: its text goes instead. */
  usesFallback: boolean
  processingOrder: number
  /** Stamped once, so that a resend renders the same bytes. */
  renderedAt: Date
}

export type ClaimedBatch = {
  recipients: ClaimedRecipient[]
  /** With those who were left out because they are suppressed, or were written to lately. */
  seen: number
  /** Highest processing order seen; null when nobody was. */
  last: number | null
}

/** Of `campaign_contacts c`. */
export const CLAIMED_COLUMNS = sql`
  c.id, c.phone, c.send_to as "sendTo", c.name, c.variables, c.step, c.attempts, c.resends, c.maybe_sent as "maybeSent",
  c.started_epoch is not null as "isSuspect", c.started_deaths as "startedDeaths", c.uses_fallback as "usesFallback", c.processing_order as "processingOrder",
  c.rendered_at as "renderedAt"`

/** Holds only while the lane is ours, alive, and the campaign runs under our lock. */
function heldBy(lane: LaneHold, campaignId: string) {
  return sql`
    held as materialized (
      select l.gateway from channels l join campaigns p on p.user_id = l.user_id and p.channel_id = l.id
      where l.user_id = ${lane.userId} and l.id = ${lane.channelId} and l.lane_owner = ${lane.owner}
        and l.lane_epoch = ${lane.epoch} and l.lane_expires_at > clock_timestamp()
        and p.id = ${campaignId} and p.status = 'running' and p.processing_lock = ${lane.owner}
      for share
    )`
}

/**
 * Moves up to `limit` recipients to `sending` under our epoch and returns them: retries that are due first, then
 * pending ones in processing order from after `after`.
 *
 * One statement claims and marks: with select-then-update two workers send to the same person. `after` keeps the scan
 * off the index entries of rows that are done, which an old snapshot can keep alive; it is a hint, so a caller that
 * saw nobody must ask once more from the start before it believes that nothing is left.
 *
 * Who is suppressed by now becomes `skipped` in the same statement, or `unknown` where the message may have gone out.
 * So does who has reached a frequency cap, where nothing was sent to them yet; where the account uses caps, every claim
 * is noted for the next. An account without a cap pays two look-ups for a batch.
 */
export async function claimRecipients(
  db: Db,
  lane: LaneHold,
  campaignId: string,
  options: { after: number; limit: number },
): Promise<ClaimedBatch> {
  const { rows } = await sql<ClaimedRecipient & { status: RecipientStatus }>`
    with ${heldBy(lane, campaignId)},
    -- The lock: two lanes that claim one person at the same moment must take turns, each seeing what the other noted.
    capped as materialized (
      select pg_advisory_xact_lock(hashtextextended(${`cap ${lane.userId}`}, 0)) from campaigns p
      where p.user_id = ${lane.userId} and p.id = ${campaignId} and p.kind = 'campaign' and (
        p.cap_count is not null
        or exists (select from send_histories h where h.user_id = ${lane.userId} and h.cap_count is not null)
      )
    ),
    due as materialized (
      select id, phone, step = 0 and not maybe_sent as untouched from campaign_contacts
      where user_id = ${lane.userId} and campaign_id = ${campaignId} and status = 'retrying'
        and next_attempt_at <= clock_timestamp()
      order by next_attempt_at limit ${options.limit} for update skip locked
    ),
    fresh as materialized (
      select id, phone, processing_order from campaign_contacts
      where user_id = ${lane.userId} and campaign_id = ${campaignId} and status = 'pending'
        and processing_order > ${options.after}
      -- Not what the due ones leave of it: the planner cannot see such a limit, expects a tenth of the table and reads
      -- all of it for every batch.
      order by processing_order limit ${options.limit} for update skip locked
    ),
    chosen as materialized (
      select id, due, case
        when ${isSuppressed(lane.userId, sql`w.phone`)} then ${SUPPRESSED}
        when (select exists (select from capped)) and untouched
          and is_recently_written(${lane.userId}, ${campaignId}, w.phone) then ${RECENTLY_WRITTEN}
      end as left_out
      from (
        select id, phone, untouched, true as due from due
        union all
        (select id, phone, true, false from fresh order by processing_order limit (select ${options.limit}::int - count(*) from due))
      ) w
    ),
    claimed as (
      update campaign_contacts c
      set status = case when n.left_out is null then 'sending' when c.maybe_sent then 'unknown' else 'skipped' end,
        claim_epoch = case when n.left_out is null then ${lane.epoch}::bigint end, status_at = clock_timestamp(),
        rendered_at = case when n.left_out is null then coalesce(c.rendered_at, clock_timestamp()) else c.rendered_at end,
        send_to = case when n.left_out is not null or c.rendered_at is not null then c.send_to
          when (select gateway from held) <> 'cloud' then ${addressKnownFor(lane.userId, sql`c.phone`)} end,
        next_attempt_at = case when n.left_out is null then c.next_attempt_at end,
        error_category = case when n.left_out is null then c.error_category end,
        error_code = coalesce(n.left_out, c.error_code)
      from chosen n
      where c.user_id = ${lane.userId} and c.campaign_id = ${campaignId} and c.id = n.id
        and exists (select 1 from held)
      returning ${CLAIMED_COLUMNS}, n.due, c.status
    ),
    noted as (
      insert into contact_sends as s (user_id, phone, campaign_id, recipient_id, sent_at)
      select ${lane.userId}, phone, ${campaignId}, id, clock_timestamp() from claimed
      where status = 'sending' and (select exists (select from send_histories where user_id = ${lane.userId}))
      on conflict (user_id, phone, campaign_id) do update set sent_at = excluded.sent_at
    ),
    counted as (
      update campaign_counts k
      set pending = k.pending - n.fresh, retrying = k.retrying - n.due, sending = k.sending + n.sending,
        skipped = k.skipped + n.skipped, unknown = k.unknown + n.fresh + n.due - n.sending - n.skipped
      from (
        select count(*) filter (where due) as due, count(*) filter (where not due) as fresh,
          count(*) filter (where status = 'sending') as sending, count(*) filter (where status = 'skipped') as skipped
        from claimed
      ) n
      where k.user_id = ${lane.userId} and k.campaign_id = ${campaignId} and n.due + n.fresh > 0
    )
    select * from claimed order by due desc, "processingOrder"
  `.execute(db)
  return {
    recipients: rows.filter((row) => row.status === 'sending'),
    seen: rows.length,
    last: rows.length === 0 ? null : Math.max(...rows.map((row) => row.processingOrder)),
  }
}

/**
 * Takes one suspect: a row that a dead epoch left in `sending`. Rows whose message nobody died of making come first: a
 * poisonous one must not keep its neighbours waiting. Null when there is none.
 *
 * Its message may have left before the worker died, so it counts as maybe-sent: a refusal of the resend does not prove
 * that nobody got the first.
 */
export async function claimSuspect(db: Db, lane: LaneHold, campaignId: string): Promise<ClaimedRecipient | null> {
  const { rows } = await sql<ClaimedRecipient>`
    with ${heldBy(lane, campaignId)},
    suspect as materialized (
      select id from campaign_contacts
      where user_id = ${lane.userId} and campaign_id = ${campaignId} and status = 'sending' and claim_epoch < ${lane.epoch}
      order by started_deaths, id limit 1 for update
    )
    update campaign_contacts c set claim_epoch = ${lane.epoch}, started_epoch = ${lane.epoch}, maybe_sent = true
    from suspect
    where c.user_id = ${lane.userId} and c.campaign_id = ${campaignId} and c.id = suspect.id
      and exists (select 1 from held)
    returning ${CLAIMED_COLUMNS}
  `.execute(db)
  return rows[0] ?? null
}

/** A suspect's message is made now, or is made and its request leaves now. */
export type SuspectStep = 'making' | 'leaving'

/**
 * Notes of a suspect, before it happens, that its message is made (who never comes to the end of that is found out by
 * `startedDeaths`), or that it is made and its request leaves, which is counted: who dies from here on did not die of
 * making it, and nobody may say that it was never sent. False, and nothing is noted, when the lane is not ours any more
 * or the campaign does not run.
 */
export async function noteSuspect(
  db: Db,
  lane: LaneHold,
  { campaignId, id }: { campaignId: string; id: number },
  step: SuspectStep,
): Promise<boolean> {
  const note =
    step === 'making'
      ? sql`started_deaths = c.started_deaths + 1`
      : sql`started_epoch = null, started_deaths = 0, resends = c.resends + 1`
  const { numAffectedRows = 0n } = await sql`
    with ${heldBy(lane, campaignId)}
    update campaign_contacts c set ${note}
    where c.user_id = ${lane.userId} and c.campaign_id = ${campaignId} and c.id = ${id}
      and c.status = 'sending' and c.claim_epoch = ${lane.epoch} and exists (select 1 from held)
  `.execute(db)
  return numAffectedRows > 0n
}
