import { sql } from 'kysely'
import type { Db } from '#server/db/Database.ts'

/*
 * The lane: the right of one worker to send on a channel, for a time. Only dispatch/CampaignScheduler calls these. One
 * statement each, by the database's clock.
 */

export type Lane = {
  epoch: number
  /** Milliseconds until the channel may send again, from the pace and back-off that the last holder left. */
  nextSlotInMs: number
  backOffInMs: number
}

/** Takes the lane when nobody else alive holds it. Null when somebody does. The epoch rises with every taking. */
export async function acquireLane(db: Db, channelId: string, workerId: string, leaseMs: number): Promise<Lane | null> {
  const { rows } = await sql<Lane>`
    update channels
    set lane_owner = ${workerId}, lane_epoch = lane_epoch + 1, lane_acquired_at = clock_timestamp(),
      lane_expires_at = clock_timestamp() + ${leaseMs}::double precision * interval '1 millisecond'
    where id = ${channelId} and deleted_at is null and (lane_owner is null or lane_owner = ${workerId} or lane_expires_at <= clock_timestamp())
    returning lane_epoch as epoch,
      greatest(0, coalesce(extract(epoch from next_slot_at - clock_timestamp()) * 1000, 0))::double precision as "nextSlotInMs",
      greatest(0, coalesce(extract(epoch from back_off_until - clock_timestamp()) * 1000, 0))::double precision as "backOffInMs"
  `.execute(db)
  return rows[0] ?? null
}

/** True while the lane is still ours (same owner, same epoch), which is then good for another `leaseMs`. */
export async function renewLane(
  db: Db,
  channelId: string,
  workerId: string,
  epoch: number,
  leaseMs: number,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update channels set lane_expires_at = clock_timestamp() + ${leaseMs}::double precision * interval '1 millisecond'
    where id = ${channelId} and lane_owner = ${workerId} and lane_epoch = ${epoch}
  `.execute(db)
  return numAffectedRows === 1n
}

/** Gives up the lane if it is still ours; nobody else's is touched. */
export async function releaseLane(db: Db, channelId: string, workerId: string, epoch: number): Promise<void> {
  await sql`
    update channels set lane_owner = null, lane_expires_at = null
    where id = ${channelId} and lane_owner = ${workerId} and lane_epoch = ${epoch}
  `.execute(db)
}

/** Takes every lane from whoever holds it. Only for a start on a database that belongs to this process alone: all holders are dead. */
export async function freeAllLanes(db: Db): Promise<void> {
  await sql`update channels set lane_owner = null, lane_expires_at = null where lane_owner is not null`.execute(db)
}
