import { sql } from 'kysely'
import type { FailureCategory } from '#contract/errors.ts'
import type { Db } from '#server/db/Database.ts'

export type Reason = { status: 'failed' | 'skipped'; category: FailureCategory | null; code: string; count: number }

/** Why recipients failed or were left out, the most frequent first; from an index that has these alone. */
export async function countReasons(db: Db, userId: string, campaignId: string): Promise<Reason[]> {
  const { rows } = await sql<Reason>`
    select status, error_category as category, coalesce(error_code, '') as code, count(*) as count
    from campaign_contacts
    where user_id = ${userId} and campaign_id = ${campaignId} and status in ('failed', 'skipped')
    group by 1, 2, 3 order by 4 desc, 3, 2
  `.execute(db)
  return rows
}

/** Sums since the start, as they stood at `at`. */
export type Sample = { at: Date; accepted: number; delivered: number; read: number; failed: number }

/** The first and the last time that something is known of; undefined where nothing is. */
export async function findSampledSpan(
  db: Db,
  userId: string,
  campaignId: string,
): Promise<{ first: Date; last: Date } | undefined> {
  const { first, last } = await db
    .selectFrom('campaign_samples')
    .select(({ fn }) => [fn.min('at').as('first'), fn.max('at').as('last')])
    .where('user_id', '=', userId)
    .where('campaign_id', '=', campaignId)
    .executeTakeFirstOrThrow()
  return first === null || last === null ? undefined : { first, last }
}

/** Of every bucket of so many seconds the last sample in it, in order; what is later than `until` counts as of then. */
export async function listSamples(
  db: Db,
  userId: string,
  campaignId: string,
  options: { bucketSeconds: number; until: Date },
): Promise<Sample[]> {
  const { bucketSeconds, until } = options
  const { rows } = await sql<Sample>`
    select distinct on (bucket) shown_at as at, accepted, delivered, read, failed
    from (
      select s.*, least(at, ${until}::timestamptz) as shown_at,
        floor(extract(epoch from least(at, ${until}::timestamptz)) / ${bucketSeconds}::int) as bucket
      from campaign_samples s where user_id = ${userId} and campaign_id = ${campaignId}
    ) s
    order by bucket, s.at desc
  `.execute(db)
  return rows
}

export type ChannelToday = { channelId: string; sent: number; delivered: number; read: number; failed: number }

/**
 * What happened on each channel since midnight of the zone: for campaigns what their counters have gained since the last
 * sample before it, for single messages those that were made since. Channels without any are missing.
 */
export async function countToday(db: Db, userId: string, timeZone: string): Promise<ChannelToday[]> {
  const { rows } = await sql<ChannelToday>`
    with day as materialized (
      select date_trunc('day', clock_timestamp() at time zone ${timeZone}) at time zone ${timeZone} as start
    ),
    active as materialized (
      select distinct s.campaign_id from campaign_samples s where s.user_id = ${userId} and s.at >= (select start from day)
    ),
    gained as (
      select c.channel_id, k.sent + k.delivered + k.read - coalesce(b.accepted, 0) as sent,
        k.delivered + k.read - coalesce(b.delivered, 0) as delivered, k.read - coalesce(b.read, 0) as read,
        k.failed - coalesce(b.failed, 0) as failed
      from active a join campaigns c on c.user_id = ${userId} and c.id = a.campaign_id
      join campaign_counts k on k.user_id = c.user_id and k.campaign_id = c.id
      left join lateral (
        select s.* from campaign_samples s
        where s.user_id = c.user_id and s.campaign_id = c.id and s.at < (select start from day)
        order by s.at desc limit 1
      ) b on true
      union all
      select c.channel_id, k.sent + k.delivered + k.read, k.delivered + k.read, k.read, k.failed
      from campaigns c join campaign_counts k on k.user_id = c.user_id and k.campaign_id = c.id
      where c.user_id = ${userId} and c.kind = 'single' and c.deleted_at is null
        and c.created_at >= (select start from day)
    )
    select channel_id as "channelId", sum(greatest(sent, 0))::int as sent, sum(greatest(delivered, 0))::int as delivered,
      sum(greatest(read, 0))::int as read, sum(greatest(failed, 0))::int as failed
    from gained group by channel_id
  `.execute(db)
  return rows
}
