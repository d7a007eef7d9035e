import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import type { CampaignMessage, UnknownPolicy } from '#contract/campaigns.ts'
import type { Db, Trx } from '#server/db/Database.ts'

/** A worker that is alive lets go within a poll; one that is not loses its lease anyway. */
const RELEASE_WAIT_MS = 5000

/*
 * The lease columns of campaigns. Only dispatch/CampaignScheduler calls these. All arithmetic is by the database's
 * clock (`clock_timestamp()`: `now()` stands still within a transaction), each act is one statement.
 */

export type LockRequest = { campaignId: string; workerId: string; laneEpoch: number; leaseMs: number }

/**
 * Takes the campaign's lock; null when somebody else holds it alive, the campaign does not run, the lane of its channel
 * is not ours, or we registered only after the holder before us was last seen (then this is a cold start, not a
 * takeover, and the campaign is for a person to resume). Returns the new epoch.
 */
export async function acquireCampaignLock(db: Db, request: LockRequest): Promise<number | null> {
  const { rows } = await sql<{ epoch: number }>`
    update campaigns c
    set processing_lock = ${request.workerId}, lock_acquired_at = clock_timestamp(), lock_renewed_at = clock_timestamp(),
      lock_expires_at = clock_timestamp() + ${request.leaseMs}::double precision * interval '1 millisecond', lock_epoch = c.lock_epoch + 1
    where c.id = ${request.campaignId} and c.status = 'running' and c.deleted_at is null
      and (c.processing_lock is null or c.processing_lock = ${request.workerId} or c.lock_expires_at <= clock_timestamp())
      and c.lock_renewed_at >= (select w.started_at from workers w where w.id = ${request.workerId})
      and exists (
        select 1 from channels l
        where l.user_id = c.user_id and l.id = c.channel_id and l.lane_owner = ${request.workerId}
          and l.lane_epoch = ${request.laneEpoch} and l.lane_expires_at > clock_timestamp()
      )
    returning c.lock_epoch as epoch
  `.execute(db)
  return rows[0]?.epoch ?? null
}

/** A single message whose lock has just been taken. */
export type TakenSingle = {
  id: string
  userId: string
  epoch: number
  messageTag: number
  message: CampaignMessage
  /** In which its texts speak of date and time. */
  timeZone: string
  unknownPolicy: UnknownPolicy
  /** Somebody died while it was on its way. */
  wasUnderWay: boolean
  /** Its number came back a short while ago. */
  isSlow: boolean
}

/**
 * Takes the locks of the next single messages of a lane that is ours: those that are due, oldest first, at most `limit`,
 * none while the channel waits to be ready again. Unlike a campaign a message may be taken by whoever comes: nobody is
 * there to resume each after a restart. `known`: those that we hold already; a lock of ours that is not among them was
 * taken by a call whose answer got lost.
 */
export async function acquireSingleLocks(
  db: Db,
  request: Omit<LockRequest, 'campaignId'> & { channelId: string; limit: number; known: string[] },
): Promise<TakenSingle[]> {
  const { channelId, workerId, laneEpoch, leaseMs, limit, known } = request
  const { rows } = await sql<TakenSingle & { dueAt: number }>`
    with next as materialized (
      select c.user_id, c.id, l.slow_until from campaigns c
      join channels l on l.id = ${channelId} and l.user_id = c.user_id and l.held_reason is null
        and l.lane_owner = ${workerId} and l.lane_epoch = ${laneEpoch} and l.lane_expires_at > clock_timestamp()
      where c.kind = 'single' and c.channel_id = ${channelId} and c.status = 'running' and c.deleted_at is null
        -- As a subquery it is asked once, and the index is searched by it.
        and c.due_at <= (select clock_timestamp())
        and (c.processing_lock is null or c.processing_lock = ${workerId} or c.lock_expires_at <= clock_timestamp())
        and not (c.id = any(${known}::uuid[]))
      order by c.due_at, c.id limit ${limit} for update of c skip locked
    )
    update campaigns c
    set processing_lock = ${workerId}, lock_acquired_at = clock_timestamp(), lock_renewed_at = clock_timestamp(),
      lock_expires_at = clock_timestamp() + ${leaseMs}::double precision * interval '1 millisecond', lock_epoch = c.lock_epoch + 1
    from next n where c.user_id = n.user_id and c.id = n.id
    returning c.id, c.user_id as "userId", c.lock_epoch as epoch, c.message_tag as "messageTag", c.messages -> 0 as message,
      c.unknown_policy as "unknownPolicy", coalesce(c.content_zone, c.time_zone) as "timeZone",
      extract(epoch from c.due_at)::double precision as "dueAt", coalesce(n.slow_until > clock_timestamp(), false) as "isSlow",
      exists (
        select 1 from campaign_contacts r
        where r.user_id = c.user_id and r.campaign_id = c.id and r.status = 'sending'
      ) as "wasUnderWay"
  `.execute(db)
  return rows.toSorted((a, b) => a.dueAt - b.dueAt)
}

/**
 * Gives up our locks of single messages; `dueInMs` puts one back into the queue of its channel for when its next attempt
 * is due, null leaves its place as it is.
 */
export async function releaseSingleLocks(
  db: Db,
  workerId: string,
  singles: { id: string; dueInMs: number | null }[],
): Promise<void> {
  await sql`
    update campaigns c set processing_lock = null, lock_expires_at = null, lock_renewed_at = clock_timestamp(),
      due_at = coalesce(clock_timestamp() + s.due_ms * interval '1 millisecond', c.due_at)
    from unnest(${singles.map(({ id }) => id)}::uuid[], ${singles.map(({ dueInMs }) => dueInMs)}::double precision[])
      as s(id, due_ms)
    where c.id = s.id and c.processing_lock = ${workerId}
  `.execute(db)
}

/** Gives up our lock, and nobody else's. */
export async function releaseCampaignLock(db: Db, campaignId: string, workerId: string): Promise<void> {
  await sql`
    update campaigns set processing_lock = null, lock_expires_at = null, lock_renewed_at = clock_timestamp()
    where id = ${campaignId} and processing_lock = ${workerId}
  `.execute(db)
}

/** Renews every campaign lock of a lane that is still ours. Returns the campaigns renewed. */
export async function renewCampaignLocks(
  db: Db,
  channelId: string,
  workerId: string,
  laneEpoch: number,
  leaseMs: number,
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    update campaigns c
    set lock_renewed_at = clock_timestamp(),
      lock_expires_at = clock_timestamp() + ${leaseMs}::double precision * interval '1 millisecond'
    where c.channel_id = ${channelId} and c.processing_lock = ${workerId}
      and exists (
        select 1 from channels l where l.user_id = c.user_id and l.id = c.channel_id
          and l.lane_owner = ${workerId} and l.lane_epoch = ${laneEpoch}
      )
    returning c.id
  `.execute(db)
  return rows.map((row) => row.id)
}

/** Takes every lock from whoever holds it. Only for a start on a database that belongs to this process alone: all holders are dead. */
export async function freeAllCampaignLocks(db: Db): Promise<void> {
  await sql`update campaigns set processing_lock = null, lock_expires_at = null where processing_lock is not null`.execute(
    db,
  )
}

/** Takes the lock of a campaign that is over from a holder that is dead. False when there was none to take. */
export async function freeFinalLock(db: Db | Trx, campaignId: string): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update campaigns set processing_lock = null, lock_expires_at = null
    where id = ${campaignId} and status in ('completed', 'failed', 'cancelled') and processing_lock is not null
      and (lock_expires_at is null or lock_expires_at <= clock_timestamp())
  `.execute(db)
  return numAffectedRows === 1n
}

/** Whether a live worker processes the campaign right now. */
export async function isProcessed(db: Db, campaignId: string): Promise<boolean> {
  const { rows } = await sql<{ processed: boolean }>`
    select processing_lock is not null and lock_expires_at > clock_timestamp() as processed
    from campaigns where id = ${campaignId}
  `.execute(db)
  return rows[0]?.processed ?? false
}

/** Waits for a worker that has seen the new state to give up the campaign's lock: that is its acknowledgement. */
export async function untilReleased(db: Db, campaignId: string): Promise<void> {
  const deadline = performance.now() + RELEASE_WAIT_MS
  while (performance.now() < deadline && (await isProcessed(db, campaignId))) await sleep(20)
}
