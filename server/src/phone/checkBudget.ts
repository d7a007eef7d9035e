import { sql } from 'kysely'
import type { Db } from '#server/db/Database.ts'

/*
 * How many numbers a channel may ask WhatsApp about in an hour. A number that looks up strangers in bulk is what WhatsApp
 * takes for a spammer's, so the count holds for all processes together, over any sixty minutes, by the database's clock.
 */

type Channel = { userId: string; channelId: string }

export type Grant = {
  /** How many of those wanted may be asked for now. */
  granted: number
  /** Until there is room for one more; 0 while there is. */
  retryAfterSeconds: number
}

const hour = sql`interval '1 hour'`
const recent = sql`(select coalesce(array_agg(at order by at), '{}') from unnest(b.asked) as at where at > clock_timestamp() - ${hour})`

/** Takes up to `wanted` of the `perHour` that this channel may ask for in any sixty minutes. */
export async function takeFromBudget(
  db: Db,
  { userId, channelId }: Channel,
  wanted: number,
  perHour: number,
): Promise<Grant> {
  const first = Math.min(wanted, perHour)
  const { rows } = await sql<Grant>`
    insert into phone_check_budgets as b (user_id, channel_id, asked, granted)
    values (${userId}, ${channelId}, array_fill(clock_timestamp(), array[${first}::int]), ${first})
    on conflict (user_id, channel_id) do update set (asked, granted) = (
      select r.asked || array_fill(clock_timestamp(), array[r.share]), r.share
      from (
        select l.asked, greatest(0, least(${wanted}::int, ${perHour}::int - cardinality(l.asked))) as share
        from (select ${recent} as asked) l
      ) r
    )
    returning granted, case when cardinality(asked) < ${perHour}::int or ${perHour}::int = 0 then 0 else greatest(1, ceil(
      extract(epoch from asked[cardinality(asked) - ${perHour}::int + 1] + ${hour} - clock_timestamp())
    )) end::int as "retryAfterSeconds"
  `.execute(db)
  return rows[0] ?? { granted: 0, retryAfterSeconds: 0 }
}

/** Gives back the last `count`: WhatsApp never heard of the question. */
export async function returnToBudget(db: Db, { userId, channelId }: Channel, count: number): Promise<void> {
  await sql`
    update phone_check_budgets set asked = asked[1:greatest(0, cardinality(asked) - ${count}::int)]
    where user_id = ${userId} and channel_id = ${channelId}
  `.execute(db)
}
