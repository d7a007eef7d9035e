import { sql } from 'kysely'
import type { Db, Trx } from './Database.ts'

export interface InstallationTable {
  only_one: boolean
  /** The database that may send; of a copy it is still the one that was copied. */
  armed_for: string
  armed_at: Date
}

export type ArmingTables = { installation: InstallationTable }

/** What stands in front of every act that nobody asked for: taking a lane, starting by the clock, resuming. As SQL. */
export const IS_ARMED = sql<boolean>`(select is_armed())`

/**
 * Whether this database may send. False for one that was restored or copied, by us or by pg_dump, until a person arms
 * it: what it was copied from may be sending still. Also true where a whole data directory was copied, or a cluster by
 * its own replication: those cannot be told from the original.
 */
export async function isArmed(db: Db | Trx): Promise<boolean> {
  const { rows } = await sql<{ armed: boolean }>`select ${IS_ARMED} as armed`.execute(db)
  return rows[0]?.armed === true
}

/** From now on this database may send. False when it might already. */
export async function arm(db: Db | Trx): Promise<boolean> {
  const { rows } = await sql<{ armed: boolean }>`
    insert into installation as i (armed_for) values (database_identity())
    on conflict (only_one) do update set armed_for = excluded.armed_for, armed_at = clock_timestamp()
      where i.armed_for <> excluded.armed_for
    returning true as armed
  `.execute(db)
  return rows.length > 0
}
