import { sql } from 'kysely'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import { arm } from '#server/db/arming.ts'
import type { Db } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'

export type Arming = {
  /** False: it was armed before. */
  changed: boolean
  /** What goes out by itself from now on: campaigns that run or have a time, and single messages that wait. */
  running: number
  scheduled: number
  singles: number
}

/** Lets a restored or copied database send, and notes it. */
export function armDatabase(db: Db): Promise<Arming> {
  return transaction(db, async (trx) => {
    const changed = await arm(trx)
    if (changed) await new AuditLogger().logEvent(trx, { action: 'arm', userId: null })
    const { rows } = await sql<Omit<Arming, 'changed'>>`
      select count(*) filter (where kind = 'campaign' and status = 'running') as running,
        count(*) filter (where kind = 'campaign' and status = 'scheduled') as scheduled,
        count(*) filter (where kind = 'single' and status in ('running', 'scheduled')) as singles
      from campaigns where deleted_at is null
    `.execute(trx)
    return { changed, running: 0, scheduled: 0, singles: 0, ...rows[0] }
  })
}
