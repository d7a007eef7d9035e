import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Db } from '#server/db/Database.ts'
import { AppError } from '#server/lib/AppError.ts'

export type RateLimit = { key: string; limit: number; windowSeconds: number }

/**
 * Lets at most `limit` acts with this key through in any `windowSeconds`, by database clock and for all processes
 * together: a sliding log, because fixed windows let twice as many through around their edge. A refused act does not
 * count. Throws RATE_LIMIT with `retryAfterSeconds`.
 */
export async function takeTurn(db: Db, rateLimit: RateLimit): Promise<void> {
  const retryAfterSeconds = await recordAct(db, rateLimit)
  if (retryAfterSeconds !== null) throw new AppError('RATE_LIMIT', { details: { retryAfterSeconds } })
}

/** Like `takeTurn`, but answers with the seconds to wait, or null when the act is let through. */
export async function recordAct(db: Db, { key, limit, windowSeconds }: RateLimit): Promise<number | null> {
  const window = sql`make_interval(secs => ${windowSeconds})`
  // One statement: the row lock of the upsert makes parallel acts take turns, so the eleventh always sees ten.
  const { rows } = await sql<{ refused: boolean; wait: number }>`
    insert into rate_limits as r (key, hits, refused, expires_at)
    values (${key}, array[clock_timestamp()], false, clock_timestamp() + ${window})
    on conflict (key) do update set (hits, refused, expires_at) = (
      select case when cardinality(recent) < ${limit} then recent || clock_timestamp() else recent end,
        cardinality(recent) >= ${limit}, clock_timestamp() + ${window}
      from (select coalesce(array_agg(hit order by hit), '{}') as recent
        from unnest(r.hits) as hit where hit >= clock_timestamp() - ${window}) as log)
    returning refused,
      extract(epoch from hits[greatest(cardinality(hits) - ${limit} + 1, 1)] + ${window} - clock_timestamp())::float8 as wait
  `.execute(db)
  const row = rows[0]
  if (row === undefined || !row.refused) return null
  return Math.max(1, Math.ceil(row.wait))
}

/** Forgets logs whose window is over; for a daily job, and done now and then by sign-in itself. */
export async function deleteExpiredRateLimits(db: Db): Promise<void> {
  await db
    .deleteFrom('rate_limits')
    .where('expires_at', '<', sql<Date>`clock_timestamp()`)
    .execute()
}

/** A key of fixed length that does not keep what was typed. */
export function rateLimitKey(scope: string, ...parts: string[]): string {
  return `${scope}:${createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 32)}`
}
