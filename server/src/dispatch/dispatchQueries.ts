import { sql } from 'kysely'
import type { CampaignMessage, SendingWindow, UnknownPolicy } from '#contract/campaigns.ts'
import type { Db } from '#server/db/Database.ts'

/** What the dispatch needs to know of a running campaign. */
export type RunningCampaign = {
  id: string
  userId: string
  messageTag: number
  messages: CampaignMessage[]
  unknownPolicy: UnknownPolicy
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

export type CampaignControl = { id: string; isMine: boolean; pace: CampaignPace }

/**
 * Channels with a campaign that this worker may take: it runs, nobody else alive holds it, and we are no newcomer to it.
 * What is ours in the database is ours to take again, should memory have lost it with an answer of the database.
 */
export async function listTakeableChannels(db: Db, workerId: string): Promise<{ userId: string; id: string }[]> {
  const { rows } = await sql<{ userId: string; id: string }>`
    select distinct l.user_id as "userId", l.id
    from campaigns c join channels l on l.user_id = c.user_id and l.id = c.channel_id
    where c.status = 'running' and c.deleted_at is null and l.deleted_at is null
      and (c.processing_lock is null or c.processing_lock = ${workerId} or c.lock_expires_at <= clock_timestamp())
      and (l.lane_owner is null or l.lane_owner = ${workerId} or l.lane_expires_at <= clock_timestamp())
      and c.lock_renewed_at >= (select w.started_at from workers w where w.id = ${workerId})
  `.execute(db)
  return rows
}

/** The running campaigns of a channel, and which of them we hold: asked right before sending. */
export async function listRunningOfChannel(db: Db, channelId: string, workerId: string): Promise<CampaignControl[]> {
  const { rows } = await sql<CampaignPace & { id: string; isMine: boolean }>`
    select id, coalesce(processing_lock = ${workerId}, false) as "isMine", delay_min_ms as "delayMinMs",
      delay_max_ms as "delayMaxMs", sending_window as "window", time_zone as "timeZone",
      coalesce(slow_until > clock_timestamp(), false) as "isSlow"
    from campaigns
    where channel_id = ${channelId} and status = 'running' and deleted_at is null order by started_at, id
  `.execute(db)
  return rows.map(({ id, isMine, ...pace }) => ({ id, isMine, pace }))
}

/**
 * Channels with campaigns that wait for them to be connected again; each is handed out at most every `everyMs`, to one
 * process, so that however many workers there are a gateway is asked no more often.
 */
export async function takeChannelsToWatch(db: Db, everyMs: number): Promise<{ userId: string; id: string }[]> {
  const { rows } = await sql<{ userId: string; id: string }>`
    update channels l set status_checked_at = clock_timestamp()
    where l.deleted_at is null
      and coalesce(l.status_checked_at, '-infinity') <= clock_timestamp() - ${everyMs}::double precision * interval '1 millisecond'
      and exists (
        select 1 from campaigns c where c.user_id = l.user_id and c.channel_id = l.id and c.status = 'paused'
          and c.auto_resume and c.pause_reason = 'disconnected' and c.deleted_at is null
      )
    returning l.user_id as "userId", l.id
  `.execute(db)
  return rows
}

export async function findRunningCampaign(db: Db, id: string): Promise<RunningCampaign | undefined> {
  const row = await db
    .selectFrom('campaigns')
    .select(['id', 'user_id', 'message_tag', 'messages', 'unknown_policy'])
    .where('id', '=', id)
    .where('status', '=', 'running')
    .executeTakeFirst()
  return (
    row && {
      id: row.id,
      userId: row.user_id,
      messageTag: row.message_tag,
      messages: row.messages,
      unknownPolicy: row.unknown_policy,
    }
  )
}
