import { sql } from 'kysely'
import { RECIPIENT_STATUSES, type Counts } from '#contract/states.ts'
import type { Db } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import { countRows, getCounts } from './recipientQueries.ts'

export type Drift = { counters: Counts; rows: Counts }

/**
 * Whether the counters of a campaign say something else than its rows: both as they were at one moment, without keeping
 * anybody from writing. Null when they agree. Reads every row.
 */
export async function findDrift(db: Db, userId: string, campaignId: string): Promise<Drift | null> {
  return transaction(db, async (trx) => {
    await sql`set transaction isolation level repeatable read, read only`.execute(trx)
    const counters = await getCounts(trx, userId, campaignId)
    const rows = await countRows(trx, userId, campaignId)
    return RECIPIENT_STATUSES.every((status) => counters[status] === rows[status]) ? null : { counters, rows }
  })
}
