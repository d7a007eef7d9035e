import { sql } from 'kysely'
import type { CampaignMessage, SendingWindow, UnknownPolicy } from '#contract/campaigns.ts'
import { IS_ARMED } from '#server/db/arming.ts'
import type { Db } from '#server/db/Database.ts'

/** What the dispatch needs to know of a running campaign. */
export type RunningCampaign = {
  id: string
  userId: string
  messageTag: number
  messages: CampaignMessage[]
  /** In which its texts speak of date and time; that of its first start, whatever its window follows now. */
  timeZone: string
  unknownPolicy: UnknownPolicy
  /** A message to one person, which goes before every campaign. */
  isSingle: boolean
}

/** How fast and when a campaign may send; may change while it runs. */
export type CampaignPace = {
  delayMinMs: number
  delayMaxMs: number
  window: SendingWindow | null
  timeZone: string
  /** Came back by itself a short while ago. */
  isSlow: boolean
}

export type CampaignControl = {
  id: string
  isMine: boolean
  pace: CampaignPace
  /** Of the account: rises when somebody is put on its list or taken off. */
  suppressionVersion: number
}

/**
 * Channels with something that this worker may take: a campaign that runs, that nobody else alive holds, and to which we
 * are no newcomer; or a single message whose turn has come. What is ours in the database is ours to take again, should
 * memory have lost it with an answer of the database.
 */
export async function listTakeableChannels(db: Db, workerId: string): Promise<{ userId: string; id: string }[]> {
  const free = sql`(c.processing_lock is null or c.processing_lock = ${workerId} or c.lock_expires_at <= clock_timestamp())`
  const running = sql`c.channel_id = l.id and c.status = 'running' and c.deleted_at is null and ${free}`
  const { rows } = await sql<{ userId: string; id: string }>`
    select l.user_id as "userId", l.id from channels l
    where l.deleted_at is null and ${IS_ARMED}
      and (l.lane_owner is null or l.lane_owner = ${workerId} or l.lane_expires_at <= clock_timestamp())
      and (exists (
        select 1 from campaigns c where c.kind = 'campaign' and ${running}
          and c.lock_renewed_at >= (select w.started_at from workers w where w.id = ${workerId})
      ) or (l.held_reason is null and (
        -- The first alone, by the index: thousands may be due later.
        select c.due_at from campaigns c where c.kind = 'single' and ${running} order by c.due_at limit 1
      ) <= clock_timestamp()))
  `.execute(db)
  return rows
}

/**
 * What runs on a channel, and which of it we hold: asked right before sending. Campaigns all, of the single messages
 * only those in `singles`, because thousands may wait.
 */
export async function listRunningOfChannel(
  db: Db,
  channelId: string,
  workerId: string,
  singles: readonly string[] = [],
): Promise<CampaignControl[]> {
  const version = sql`coalesce((
    select v.version from suppression_versions v where v.user_id = c.user_id
  ), 0) as "suppressionVersion"`
  const { rows } = await sql<CampaignPace & Omit<CampaignControl, 'pace'>>`
    (select id, coalesce(processing_lock = ${workerId}, false) as "isMine", delay_min_ms as "delayMinMs",
      delay_max_ms as "delayMaxMs", sending_window as "window", time_zone as "timeZone",
      coalesce(slow_until > clock_timestamp(), false) as "isSlow", ${version}
    from campaigns c
    where kind = 'campaign' and channel_id = ${channelId} and status = 'running' and deleted_at is null
    order by started_at, id)
    union all
    (select c.id, true, c.delay_min_ms, c.delay_max_ms, c.sending_window, c.time_zone,
      coalesce(l.slow_until > clock_timestamp(), false), ${version}
    from campaigns c join channels l on l.user_id = c.user_id and l.id = c.channel_id
    where c.id = any(${singles}::uuid[]) and c.status = 'running' and c.deleted_at is null
      and c.processing_lock = ${workerId} and l.held_reason is null)
  `.execute(db)
  return rows.map(({ id, isMine, suppressionVersion, ...pace }) => ({ id, isMine, suppressionVersion, pace }))
}

/**
 * Channels with campaigns or single messages that wait for them to be connected again; each is handed out at most every
 * `everyMs`, to one process, so that however many workers there are a gateway is asked no more often. At once where
 * somebody else was told meanwhile that the number is ready.
 */
export async function takeChannelsToWatch(db: Db, everyMs: number): Promise<{ userId: string; id: string }[]> {
  const { rows } = await sql<{ userId: string; id: string }>`
    update channels l set status_checked_at = clock_timestamp()
    where l.deleted_at is null and ${IS_ARMED}
      and (
        coalesce(l.status_checked_at, '-infinity') <= clock_timestamp() - ${everyMs}::double precision * interval '1 millisecond'
        or (l.status = 'ready' and l.status_checked_at > l.held_at and l.held_reason is distinct from 'blocked')
      )
      and (exists (
        select 1 from campaigns c where c.user_id = l.user_id and c.channel_id = l.id and c.status = 'paused'
          and c.auto_resume and c.pause_reason = 'disconnected' and c.deleted_at is null
      ) or (l.held_reason is not null and exists (
        select 1 from campaigns c
        where c.kind = 'single' and c.channel_id = l.id and c.status = 'running' and c.deleted_at is null
      )))
    returning l.user_id as "userId", l.id
  `.execute(db)
  return rows
}

export async function findRunningCampaign(db: Db, id: string): Promise<RunningCampaign | undefined> {
  const row = await db
    .selectFrom('campaigns')
    .select(['id', 'user_id', 'message_tag', 'messages', 'unknown_policy', 'content_zone', 'time_zone'])
    .where('id', '=', id)
    .where('status', '=', 'running')
    .executeTakeFirst()
  return (
    row && {
      id: row.id,
      userId: row.user_id,
      messageTag: row.message_tag,
      messages: row.messages,
      timeZone: row.content_zone ?? row.time_zone,
      unknownPolicy: row.unknown_policy,
      isSingle: false,
    }
  )
}
