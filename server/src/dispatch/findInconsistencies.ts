import { sql } from 'kysely'
import type { Db } from '#server/db/Database.ts'
import { findDrift } from '#server/recipients/findDrift.ts'

/**
 * - `orphaned`: running, and nobody holds it, for longer than a takeover may take.
 * - `left_in_sending`: rows claimed under an epoch that never was, which no holder of the lane would ever find.
 * - `open_but_final`: over, and by its counters somebody is still to be written to.
 * - `locked_but_final`: over, and still held by a worker.
 * - `miscounted`: the counters say something else than the rows.
 */
export const INCONSISTENCIES = [
  'orphaned',
  'left_in_sending',
  'open_but_final',
  'locked_but_final',
  'miscounted',
] as const
export type Inconsistency = { kind: (typeof INCONSISTENCIES)[number]; userId: string; campaignId: string }

/** A worker lets go of a campaign that is over within this. */
const LETS_GO_WITHIN_MS = 5000

/** What is wrong by the campaigns' own rows and counters: a few look-ups in indexes, whatever the size of the books. */
export async function findInconsistencies(db: Db, options: { orphanedAfterMs: number }): Promise<Inconsistency[]> {
  const ago = (ms: number) => sql`clock_timestamp() - ${ms}::double precision * interval '1 millisecond'`
  const { rows } = await sql<Inconsistency>`
    select 'orphaned' as kind, user_id as "userId", id as "campaignId" from campaigns
    where kind = 'campaign' and status = 'running' and deleted_at is null
      and greatest(lock_expires_at, lock_renewed_at) < ${ago(options.orphanedAfterMs)}
    union all
    select distinct 'left_in_sending', c.user_id, c.id
    from campaigns c join channels l on l.user_id = c.user_id and l.id = c.channel_id
      join campaign_contacts r on r.user_id = c.user_id and r.campaign_id = c.id and r.status = 'sending'
    where c.status in ('running', 'paused') and c.deleted_at is null
      and (r.claim_epoch is null or r.claim_epoch > l.lane_epoch)
    union all
    select 'open_but_final', c.user_id, c.id from campaigns c
      join campaign_counts k on k.user_id = c.user_id and k.campaign_id = c.id
    -- A cancelled campaign whose rows are being closed is in order.
    where c.kind = 'campaign' and c.status in ('completed', 'failed', 'cancelled') and not c.closing
      and k.pending + k.retrying + k.sending > 0
    union all
    select 'locked_but_final', user_id, id from campaigns
    where status in ('completed', 'failed', 'cancelled') and processing_lock is not null
      and (lock_expires_at is null or lock_expires_at <= clock_timestamp()) and finished_at < ${ago(LETS_GO_WITHIN_MS)}
  `.execute(db)
  return rows
}

/** Campaigns whose counters differ from their rows. Reads all rows of all campaigns: by command only. */
export async function findMiscounted(db: Db): Promise<Inconsistency[]> {
  const found: Inconsistency[] = []
  const campaigns = await db
    .selectFrom('campaign_counts')
    .select(['user_id as userId', 'campaign_id as campaignId'])
    .orderBy('campaign_id')
    .execute()
  for (const { userId, campaignId } of campaigns) {
    if ((await findDrift(db, userId, campaignId)) !== null) found.push({ kind: 'miscounted', userId, campaignId })
  }
  return found
}
