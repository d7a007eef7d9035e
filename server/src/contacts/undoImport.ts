import { sql } from 'kysely'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { retryOnConflict, transaction } from '#server/db/transaction.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { Actor } from '#server/lib/http.ts'
import type { UndoState } from './contactTables.ts'
import type { ImportHold, ImportRow } from './importLeases.ts'
import { isBeingExpanded, noteImport } from './importQueries.ts'
import { ImportLostError, lockContacts } from './writeImportBatch.ts'

/** Contacts looked at in one transaction. */
const CHUNK = 5000
const NOTHING_YET: UndoState = { removed: 0, keptChanged: 0, keptInOtherImport: 0, keptForCampaign: 0, after: 0 }

/**
 * Asks for an import to be taken back; any process does it from now on. Throws IMPORT_STATE for one that has not ended
 * or is gone already, and while a campaign reads its people from it.
 */
export async function askUndo(db: Db, actor: Actor, { user_id: userId, id }: ImportRow): Promise<ImportRow> {
  return transaction(db, async (trx) => {
    const row = await trx
      .updateTable('contact_imports')
      .set({ status: 'undoing', undo: JSON.stringify(NOTHING_YET), lease_owner: null, lease_expires_at: null })
      .where('user_id', '=', userId)
      .where('id', '=', id)
      .where('status', 'in', ['completed', 'cancelled', 'failed'])
      .returningAll()
      .executeTakeFirst()
    if (row === undefined || (await isBeingExpanded(trx, userId, id))) throw new AppError('IMPORT_STATE')
    await noteImport(trx, actor, 'import-undo', row)
    return row
  })
}

/**
 * Takes the next contacts out that the import created and that nothing else uses since; counts what went and what stayed
 * in the same transaction. Books of campaigns hold copies and are not touched. False when it has come to the end. Throws
 * `ImportLostError`.
 */
export async function undoChunk(db: Db, hold: ImportHold): Promise<boolean> {
  return retryOnConflict(() =>
    transaction(db, async (trx) => {
      await lockContacts(trx, hold.userId)
      const { undo, fileName } = await heldUndo(trx, hold)
      const ids = await nextCreated(trx, hold, undo.after)
      const last = ids.at(-1)
      if (last === undefined) {
        await finishUndo(trx, hold, undo, fileName)
        return false
      }
      const counted = add(undo, await takeOut(trx, hold, ids), last)
      await trx
        .updateTable('contact_imports')
        .set({
          undo: JSON.stringify(counted),
          lease_expires_at: sql<Date>`clock_timestamp() + make_interval(secs => ${hold.leaseSeconds})`,
        })
        .where('user_id', '=', hold.userId)
        .where('id', '=', hold.importId)
        .execute()
      return true
    }),
  )
}

async function heldUndo(trx: Trx, hold: ImportHold): Promise<{ undo: UndoState; fileName: string }> {
  const row = await trx
    .selectFrom('contact_imports')
    .select(['undo', 'file_name'])
    .where('user_id', '=', hold.userId)
    .where('id', '=', hold.importId)
    .where('status', '=', 'undoing')
    .where('lease_owner', '=', hold.owner)
    .forUpdate()
    .executeTakeFirst()
  if (row === undefined) throw new ImportLostError()
  return { undo: row.undo ?? NOTHING_YET, fileName: row.file_name }
}

/** Ids in their order. */
async function nextCreated(trx: Trx, { userId, importId }: ImportHold, after: number): Promise<number[]> {
  const rows = await trx
    .selectFrom('import_contacts')
    .select('contact_id')
    .where('user_id', '=', userId)
    .where('import_id', '=', importId)
    .where('contact_id', '>', after)
    .where('created', '=', true)
    .orderBy('contact_id')
    .limit(CHUNK)
    .execute()
  return rows.map(({ contact_id: id }) => id)
}

type Counts = Omit<UndoState, 'after'>

async function takeOut(trx: Trx, hold: ImportHold, ids: number[]): Promise<Counts> {
  // One that was created while this was going on: its people are read from here.
  if (await isBeingExpanded(trx, hold.userId, hold.importId)) return { ...NOTHING_YET, keptForCampaign: ids.length }
  const removed = await deleteUntouched(trx, hold.userId, ids)
  await sql`
    delete from import_contacts
    where user_id = ${hold.userId} and import_id = ${hold.importId} and contact_id = any(${removed}::bigint[])
  `.execute(trx)
  return { ...(await countKept(trx, hold, ids)), removed: removed.length, keptForCampaign: 0 }
}

/**
 * Whatever changes a contact, a person or another file, moves `updated_at` away from where the import left it; who was
 * put into a group or given a tag is used, too.
 */
async function deleteUntouched(trx: Trx, userId: string, ids: number[]): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    delete from contacts c where c.user_id = ${userId} and c.id = any(${ids}::bigint[]) and c.updated_at = c.created_at
      and not exists (select from contact_label_members m where m.user_id = c.user_id and m.contact_id = c.id)
    returning id
  `.execute(trx)
  return rows.map(({ id }) => id)
}

/** Few stay, so it may be asked of each whether another import has it. */
async function countKept(
  trx: Trx,
  { userId, importId }: ImportHold,
  ids: number[],
): Promise<Pick<Counts, 'keptChanged' | 'keptInOtherImport'>> {
  const { rows } = await sql<{ changed: number; imported: number }>`
    select count(*) filter (where not k.imported) as changed, count(*) filter (where k.imported) as imported from (
      select exists (
        select from contact_imports i
        join import_contacts m on m.user_id = i.user_id and m.import_id = i.id and m.contact_id = c.id
        where i.user_id = ${userId} and i.id <> ${importId}
      ) as imported
      from contacts c where c.user_id = ${userId} and c.id = any(${ids}::bigint[])
    ) k
  `.execute(trx)
  return { keptChanged: rows[0]?.changed ?? 0, keptInOtherImport: rows[0]?.imported ?? 0 }
}

function add(undo: UndoState, counts: Counts, after: number): UndoState {
  return {
    removed: undo.removed + counts.removed,
    keptChanged: undo.keptChanged + counts.keptChanged,
    keptInOtherImport: undo.keptInOtherImport + counts.keptInOtherImport,
    keptForCampaign: undo.keptForCampaign + counts.keptForCampaign,
    after,
  }
}

async function finishUndo(trx: Trx, hold: ImportHold, undo: UndoState, fileName: string): Promise<void> {
  await trx
    .updateTable('contact_imports')
    .set({ status: 'undone', lease_owner: null, lease_expires_at: null })
    .where('user_id', '=', hold.userId)
    .where('id', '=', hold.importId)
    .execute()
  const { after: _after, ...counts } = undo
  await new AuditLogger().logEvent(trx, {
    userId: null,
    ownerId: hold.userId,
    action: 'import-undone',
    target: hold.importId,
    details: { fileName, ...counts },
  })
}
