import { sql } from 'kysely'
import type { PauseReason } from '#contract/states.ts'
import type { Trx } from '#server/db/Database.ts'

/** After a lost session the first messages go slower: a number that has just come back is watched. */
export const SLOW_AFTER_RETURN_MS = 300_000
/** WhatsApp lifts such a ban after hours, and the gateway calls the number ready all the while. */
const BLOCKED_FOR_MS = 3_600_000

const isOver = sql<boolean>`held_reason is not null
  and (held_reason <> 'blocked' or held_at <= clock_timestamp() - ${sql.lit(BLOCKED_FOR_MS)} * interval '1 millisecond')`
const slowUntil = sql<Date>`clock_timestamp() + ${sql.lit(SLOW_AFTER_RETURN_MS)} * interval '1 millisecond'`

/** Columns of a channel that is ready: its single messages may go, slower at first. */
export const HOLD_ENDS = {
  held_reason: sql<PauseReason | null>`case when ${isOver} then null else held_reason end`,
  slow_until: sql<Date | null>`case when ${isOver} then ${slowUntil} else slow_until end`,
}

/**
 * Lets the single messages of a channel wait: one row, however many they are. The hold ends when the gateway says that
 * the number is ready, or when a person says so.
 */
export async function holdChannel(trx: Trx, channelId: string, reason: PauseReason): Promise<void> {
  await sql`
    update channels set held_reason = ${reason}, held_at = clock_timestamp() where id = ${channelId}
  `.execute(trx)
}

/** A person says that they may go. */
export async function releaseChannel(trx: Trx, channelId: string): Promise<void> {
  await sql`update channels set held_reason = null, slow_until = ${slowUntil} where id = ${channelId} and held_reason is not null`.execute(
    trx,
  )
}
