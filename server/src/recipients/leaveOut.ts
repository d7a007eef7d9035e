import { sql, type RawBuilder } from 'kysely'
import { EXCLUDED, RECENTLY_WRITTEN, type FrequencyCap } from '#contract/frequencyCap.ts'
import { SUPPRESSED } from '#contract/suppressions.ts'
import { isSuppressed } from '#server/suppressions/isSuppressed.ts'

/** Whom a campaign does not write to, beside those who are suppressed. */
export type LeaveOut = {
  /** People whom these campaigns have written to. */
  excludeCampaignIds: readonly string[]
  /** Its own cap and that of its account; each of them holds. */
  caps: readonly FrequencyCap[]
}

export const NOBODY_LEFT_OUT: LeaveOut = { excludeCampaignIds: [], caps: [] }

/** SQL (whose inner names are long, so that they hide none of the caller's): why somebody is left out (`error_code` of the recipient), null who is written to. `phone`: a column. */
export function reasonToLeaveOut(
  userId: string,
  campaignId: string | null,
  phone: RawBuilder<unknown>,
  { excludeCampaignIds, caps }: LeaveOut,
): RawBuilder<string | null> {
  const isExcluded = excludeCampaignIds.length > 0 ? gotOneOf(userId, excludeCampaignIds, phone) : sql<boolean>`false`
  const isRecent = caps.length > 0 ? reachedOneOf(userId, campaignId, caps, phone) : sql<boolean>`false`
  return sql<string | null>`case
    when ${isSuppressed(userId, phone)} then ${SUPPRESSED}
    when ${isExcluded} then ${EXCLUDED}
    when ${isRecent} then ${RECENTLY_WRITTEN}
  end`
}

/** A look-up in the unique key of phones for each campaign, however many people it had. */
function gotOneOf(userId: string, ids: readonly string[], phone: RawBuilder<unknown>): RawBuilder<boolean> {
  return sql<boolean>`coalesce((
    select true from unnest(${ids}::uuid[]) as named(id) cross join lateral (
      select got.status, got.maybe_sent, got.step from campaign_contacts got
      where got.user_id = ${userId} and got.campaign_id = named.id and got.phone = ${phone} limit 1
    ) got
    where may_have_received(got.status, got.maybe_sent, got.step) limit 1
  ), false)`
}

/** One look-up by the person, and one in the books for each campaign that claimed them lately. */
function reachedOneOf(
  userId: string,
  campaignId: string | null,
  caps: readonly FrequencyCap[],
  phone: RawBuilder<unknown>,
): RawBuilder<boolean> {
  const ago = (days: number) => sql`clock_timestamp() - make_interval(days => ${days}::int)`
  const reached = caps.map(
    ({ count, days }) => sql`count(*) filter (where sends.sent_at > ${ago(days)}) >= ${count}::int`,
  )
  return sql<boolean>`(
    select ${sql.join(reached, sql` or `)}
    from contact_sends sends cross join lateral (
      select booked.status, booked.maybe_sent, booked.step from campaign_contacts booked
      where booked.user_id = ${userId} and booked.campaign_id = sends.campaign_id and booked.id = sends.recipient_id limit 1
    ) booked
    where sends.user_id = ${userId} and sends.phone = ${phone} and sends.campaign_id is distinct from ${campaignId}::uuid
      and sends.sent_at > ${ago(Math.max(...caps.map(({ days }) => days)))}
      and may_have_received(booked.status, booked.maybe_sent, booked.step)
  )`
}
