import { sql } from 'kysely'
import type { Selectable } from 'kysely'
import type { ColumnMapping, ImportFailure } from '#contract/imports.ts'
import type { Db } from '#server/db/Database.ts'
import type { ContactImportsTable } from './contactTables.ts'

export type ImportRow = Selectable<ContactImportsTable>

/** The right of one process to work on one import. Whoever writes without it writes nothing. */
export type ImportHold = { userId: string; importId: string; owner: string; leaseSeconds: number }

/**
 * Takes the oldest import that waits to be read or taken back, or whose process is gone (by the database's clock).
 * Undefined when there is none.
 */
export async function claimImport(db: Db, owner: string, leaseSeconds: number): Promise<ImportRow | undefined> {
  const { rows } = await sql<ImportRow>`
    update contact_imports set lease_owner = ${owner}, lease_expires_at = clock_timestamp() + make_interval(secs => ${leaseSeconds})
    where id = (
      select id from contact_imports
      where status in ('running', 'undoing')
        and (lease_owner is null or lease_owner = ${owner} or lease_expires_at < clock_timestamp())
      order by created_at for update skip locked limit 1
    )
    returning *
  `.execute(db)
  return rows[0]
}

/** Lets another process go on at once. */
export async function releaseImport(db: Db, hold: ImportHold): Promise<void> {
  await db
    .updateTable('contact_imports')
    .set({ lease_owner: null, lease_expires_at: null })
    .where('user_id', '=', hold.userId)
    .where('id', '=', hold.importId)
    .where('lease_owner', '=', hold.owner)
    .execute()
}

export async function describeImport(
  db: Db,
  hold: ImportHold,
  table: { columns: string[]; encoding: string; delimiter: string | null; mapping: ColumnMapping },
): Promise<void> {
  await held(db, hold)
    .set({ ...table, columns: JSON.stringify(table.columns), mapping: JSON.stringify(table.mapping) })
    .execute()
}

export async function completeImport(db: Db, hold: ImportHold): Promise<void> {
  await held(db, hold)
    .set({
      status: 'completed',
      finished_at: sql<Date>`now()`,
      bytes_read: sql<number>`bytes_total`,
      lease_owner: null,
      lease_expires_at: null,
    })
    .execute()
}

/** False when the import was cancelled or taken over before. */
export async function failImport(db: Db, hold: ImportHold, failure: ImportFailure): Promise<boolean> {
  const { numUpdatedRows } = await held(db, hold)
    .set({
      status: 'failed',
      finished_at: sql<Date>`now()`,
      failure: JSON.stringify(failure),
      lease_owner: null,
      lease_expires_at: null,
    })
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

function held(db: Db, hold: ImportHold) {
  return db
    .updateTable('contact_imports')
    .where('user_id', '=', hold.userId)
    .where('id', '=', hold.importId)
    .where('status', '=', 'running')
    .where('lease_owner', '=', hold.owner)
}

/**
 * Removes what interrupted uploads left: imports whose uploader is gone or whose preview nobody committed in time, and
 * bytes that no open import waits for.
 * Returns how many imports were removed.
 */
export async function sweepUploads(db: Db): Promise<number> {
  const { rows } = await sql`
    delete from contact_imports where status in ('uploading', 'preview') and lease_expires_at < clock_timestamp() returning id
  `.execute(db)
  for (;;) {
    const chunks = await sql`
      delete from upload_chunks where (user_id, upload_id, seq) in (
        select user_id, upload_id, seq from upload_chunks u where not exists (
          select from contact_imports i
          where i.user_id = u.user_id and i.id = u.upload_id and i.status in ('uploading', 'preview', 'running')
        ) limit 100
      ) returning seq
    `.execute(db)
    if (chunks.rows.length === 0) return rows.length
  }
}
