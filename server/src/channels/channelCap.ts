import { sql } from 'kysely'
import type { Db } from '#server/db/Database.ts'

/*
 * The daily cap of a number. What may be sent is promised by the database before it is sent, so that no crash and no
 * second worker lets more leave than the cap allows. The day is that of the channel's zone, by the database's clock.
 */

type Holder = { channelId: string; owner: string; epoch: number }

/** `granted` requests may start within the `turnsInMs` that are left of `day`. */
export type CapShare = { granted: number; day: string; turnsInMs: number }

const today = sql`(clock_timestamp() at time zone time_zone)::date`
const used = sql`case when cap_day >= ${today} then cap_used else 0 end`
/** Until the next midnight of the zone. */
const turnsInMs = sql<number>`(extract(epoch from ((${today} + 1)::timestamp at time zone time_zone) - clock_timestamp())
  * 1000)::double precision`

/** Promises up to `count` requests to the holder of the lane. Null when the lane is not his, or there is no cap. */
export async function reserveOfCap(db: Db, holder: Holder, count: number): Promise<CapShare | null> {
  const { rows } = await sql<CapShare>`
    with share as materialized (
      select id, ${today} as day, ${used} as used, ${turnsInMs} as turns_in_ms,
        least(${count}::int, greatest(0, daily_cap - ${used})) as granted
      from channels
      where id = ${holder.channelId} and lane_owner = ${holder.owner} and lane_epoch = ${holder.epoch}
        and daily_cap is not null
      for update
    )
    update channels c set cap_day = s.day, cap_used = s.used + s.granted
    from share s where c.id = s.id
    returning s.granted, s.day::text, s.turns_in_ms as "turnsInMs"
  `.execute(db)
  return rows[0] ?? null
}

/** Takes back what was promised for `day` and did not leave. */
export async function returnToCap(db: Db, holder: Holder, day: string, count: number): Promise<void> {
  await sql`
    update channels set cap_used = greatest(0, cap_used - ${count}::int)
    where id = ${holder.channelId} and lane_owner = ${holder.owner} and lane_epoch = ${holder.epoch} and cap_day = ${day}::date
  `.execute(db)
}

/** How a channel's cap and back-off stand: for the estimate. */
export type ChannelLimits = {
  dailyCap: number | null
  /** Of today. */
  capUsed: number
  dayTurnsInMs: number
  backOffInMs: number
}

export async function findChannelLimits(db: Db, userId: string, channelId: string): Promise<ChannelLimits | undefined> {
  return (await listChannelLimits(db, userId, [channelId])).get(channelId)
}

/** The same for several, by their ids. */
export async function listChannelLimits(db: Db, userId: string, ids: string[]): Promise<Map<string, ChannelLimits>> {
  const { rows } = await sql<ChannelLimits & { id: string }>`
    select id, daily_cap as "dailyCap", ${used} as "capUsed", ${turnsInMs} as "dayTurnsInMs",
      greatest(0, coalesce(extract(epoch from back_off_until - clock_timestamp()) * 1000, 0))::double precision as "backOffInMs"
    from channels where user_id = ${userId} and id = any(${ids}::uuid[])
  `.execute(db)
  return new Map(rows.map(({ id, ...limits }) => [id, limits]))
}

/** Whether the database knows a zone by this name; names of places, as in the IANA list. */
export async function isKnownTimeZone(db: Db, name: string): Promise<boolean> {
  const { rows } = await sql`select 1 from pg_timezone_names where name = ${name}`.execute(db)
  return rows.length > 0
}
