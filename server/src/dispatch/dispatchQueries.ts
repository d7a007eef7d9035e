import { sql } from 'kysely'
import type { CampaignMessage, UnknownPolicy } from '#contract/campaigns.ts'
import type { Db } from '#server/db/Database.ts'

/** What the dispatch needs to know of a running campaign. */
export type RunningCampaign = {
  id: string
  userId: string
  messageTag: number
  messages: CampaignMessage[]
  delayMinMs: number
  delayMaxMs: number
  unknownPolicy: UnknownPolicy
}

export type CampaignControl = { id: string; isMine: boolean }

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
  const { rows } = await sql<CampaignControl>`
    select id, coalesce(processing_lock = ${workerId}, false) as "isMine" from campaigns
    where channel_id = ${channelId} and status = 'running' and deleted_at is null order by started_at, id
  `.execute(db)
  return rows
}

export async function findRunningCampaign(db: Db, id: string): Promise<RunningCampaign | undefined> {
  const row = await db
    .selectFrom('campaigns')
    .select(['id', 'user_id', 'message_tag', 'messages', 'delay_min_ms', 'delay_max_ms', 'unknown_policy'])
    .where('id', '=', id)
    .where('status', '=', 'running')
    .executeTakeFirst()
  return (
    row && {
      id: row.id,
      userId: row.user_id,
      messageTag: row.message_tag,
      messages: row.messages,
      delayMinMs: row.delay_min_ms,
      delayMaxMs: row.delay_max_ms,
      unknownPolicy: row.unknown_policy,
    }
  )
}
