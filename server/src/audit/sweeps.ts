import { sql } from 'kysely'
import type { Db } from '#server/db/Database.ts'

/** How many days rows are kept. The database refuses fewer than 30, 90 and 1, whoever asks. */
export type Retention = {
  auditDays: number
  /** The trail of a campaign that was deleted, counted from its deletion. */
  deletedAuditDays: number
  errorDays: number
}

/** One kind of rows that leave after a while; the owner of the table says how. */
export type Sweep = {
  /** What people read: the table, or what of it. */
  name: string
  /** How many would go now. */
  count: (db: Db) => Promise<number>
  /** Removes at most `most` and says how many; fewer than `most` means that it is done. */
  removeSome: (db: Db, most: number) => Promise<number>
}

export type Removed = Record<string, number>

/** A statement of this size takes some ten milliseconds, so nothing waits for it. */
const CHUNK = 2000

/** The logs, through the one function of the database that may remove their rows. */
export function logSweeps({ auditDays, deletedAuditDays, errorDays }: Retention): Sweep[] {
  return [
    logSweep('campaign_audit_logs', auditDays),
    // Where a campaign was deleted its rows are kept longer, and counted apart.
    logSweep('deleted_campaigns', deletedAuditDays),
    logSweep('audit_events', auditDays),
    logSweep('campaign_error_logs', errorDays),
  ]
}

/**
 * Removes what is due, chunk by chunk, and says how many of each. `mayGoOn` is asked after every chunk; false ends it
 * there.
 */
export async function sweepAll(
  db: Db,
  sweeps: Sweep[],
  mayGoOn: () => Promise<boolean> = async () => true,
): Promise<Removed> {
  const removed: Removed = {}
  for (const { name, removeSome } of sweeps) {
    removed[name] = 0
    for (let last = CHUNK; last === CHUNK;) {
      last = await removeSome(db, CHUNK)
      removed[name] += last
      if (!(await mayGoOn())) return removed
    }
  }
  return removed
}

/** What `sweepAll` would remove now. */
export async function countAll(db: Db, sweeps: Sweep[]): Promise<Removed> {
  const counts: Removed = {}
  for (const { name, count } of sweeps) counts[name] = await count(db)
  return counts
}

function logSweep(log: string, days: number): Sweep {
  return {
    name: log,
    count: async (db) => {
      const { rows } = await sql<{ n: number }>`select count(*) as n from expired_rows(${log}, ${days}, null)`.execute(
        db,
      )
      return rows[0]?.n ?? 0
    },
    removeSome: async (db, most) => {
      const { rows } = await sql<{ n: number }>`select delete_expired_rows(${log}, ${days}, ${most}) as n`.execute(db)
      return rows[0]?.n ?? 0
    },
  }
}

/** Rows of an ordinary table whose `expires_at` is over. */
export function expirySweep(table: string): Sweep {
  const expired = sql`${sql.table(table)} where expires_at < clock_timestamp()`
  return {
    name: table,
    count: async (db) => {
      const { rows } = await sql<{ n: number }>`select count(*) as n from ${expired}`.execute(db)
      return rows[0]?.n ?? 0
    },
    removeSome: async (db, most) => {
      const { numAffectedRows } = await sql`
        delete from ${sql.table(table)} where ctid = any(array(select ctid from ${expired} limit ${most}))
      `.execute(db)
      return Number(numAffectedRows ?? 0)
    },
  }
}
