import { sql, type Selectable } from 'kysely'
import type { LabelKind } from '#contract/contactLists.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { cursorAt, isOlder } from '#server/db/newestFirst.ts'
import type { ListCursor } from '#server/lib/listCursor.ts'
import { EVERYBODY, fits, type ContactFilter } from './contactFilter.ts'
import type { ContactLabelsTable } from './contactTables.ts'

export type ContactLabelRow = Selectable<ContactLabelsTable>
/** `cursorAt`: created_at with its microseconds, which a JS date loses. */
export type ContactLabelListRow = ContactLabelRow & { cursorAt: string }

/** Contacts to put into a list or to take out, in a form that is read piece by piece. */
export type Chosen = { importId: string } | { contactIds: number[] } | { filter: ContactFilter }

/** Contacts in one statement: some 100 ms, far below what a query may take. */
const PIECE = 10_000

/** Newest first, from before `before`. */
export async function listLabels(
  db: Db,
  userId: string,
  kind: LabelKind,
  options: { limit: number; before: ListCursor | null },
): Promise<ContactLabelListRow[]> {
  return db
    .selectFrom('contact_labels')
    .selectAll()
    .select(cursorAt())
    .where('user_id', '=', userId)
    .where('kind', '=', kind)
    .where(isOlder(options.before))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(options.limit)
    .execute()
}

export async function findLabel(
  db: Db | Trx,
  userId: string,
  kind: LabelKind,
  id: string,
): Promise<ContactLabelRow | undefined> {
  return db
    .selectFrom('contact_labels')
    .selectAll()
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .where('kind', '=', kind)
    .executeTakeFirst()
}

/** The same, and nobody else changes who is in it until the transaction ends. */
export async function lockLabel(
  trx: Trx,
  userId: string,
  kind: LabelKind,
  id: string,
): Promise<ContactLabelRow | undefined> {
  return trx
    .selectFrom('contact_labels')
    .selectAll()
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .where('kind', '=', kind)
    .forUpdate()
    .executeTakeFirst()
}

/** Those of `ids` that are no lists of this kind. */
export async function findMissingLabels(
  db: Db | Trx,
  userId: string,
  kind: LabelKind,
  ids: readonly string[],
): Promise<string[]> {
  if (ids.length === 0) return []
  const rows = await db
    .selectFrom('contact_labels')
    .select('id')
    .where('user_id', '=', userId)
    .where('kind', '=', kind)
    .where('id', 'in', ids)
    .execute()
  const known = new Set(rows.map(({ id }) => id))
  return ids.filter((id) => !known.has(id))
}

/** The groups and tags that a contact is in. */
export async function listLabelsOfContact(db: Db, userId: string, contactId: number): Promise<ContactLabelRow[]> {
  return db
    .selectFrom('contact_labels')
    .selectAll()
    .where('user_id', '=', userId)
    .where('id', 'in', (query) =>
      query
        .selectFrom('contact_label_members')
        .select('label_id')
        .where('user_id', '=', userId)
        .where('contact_id', '=', contactId),
    )
    .orderBy('created_at')
    .execute()
}

/** Undefined where the name is taken, whatever the case of its letters. */
export async function insertLabel(
  trx: Trx,
  userId: string,
  kind: LabelKind,
  name: string,
): Promise<ContactLabelRow | undefined> {
  return trx
    .insertInto('contact_labels')
    .values({ user_id: userId, kind, name })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst()
}

export async function renameLabel(
  trx: Trx,
  userId: string,
  id: string,
  name: string,
): Promise<ContactLabelRow | undefined> {
  return trx
    .updateTable('contact_labels')
    .set({ name })
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst()
}

/** Its contacts stay. In pieces, for a list of millions; the last statement takes the list itself. */
export async function deleteLabel(trx: Trx, userId: string, id: string): Promise<void> {
  for (let removed = PIECE; removed === PIECE;) {
    const { numAffectedRows = 0n } = await sql`
      delete from contact_label_members where user_id = ${userId} and label_id = ${id} and contact_id in (
        select contact_id from contact_label_members where user_id = ${userId} and label_id = ${id} limit ${PIECE}
      )
    `.execute(trx)
    removed = Number(numAffectedRows)
  }
  await trx.deleteFrom('contact_labels').where('user_id', '=', userId).where('id', '=', id).execute()
}

/** Whether a campaign is still reading its audience from the list. Read-only look at what `campaigns` owns. */
export async function isLabelBeingExpanded(db: Db | Trx, userId: string, id: string): Promise<boolean> {
  const { rows } = await sql`
    select from campaign_sources s join campaigns c on c.user_id = s.user_id and c.id = s.campaign_id
    where s.user_id = ${userId} and s.label_id = ${id} and c.preparing and c.status not in ('cancelled', 'failed') limit 1
  `.execute(db)
  return rows.length > 0
}

/** Returns how many were not in it before. */
export async function addToLabel(trx: Trx, userId: string, labelId: string, chosen: Chosen): Promise<number> {
  return inPieces(
    trx,
    userId,
    chosen,
    (ids) => sql`
      insert into contact_label_members (user_id, label_id, contact_id)
      select ${userId}, ${labelId}, id from unnest(${ids}::bigint[]) as i(id) order by id
      on conflict do nothing`,
  )
}

/** Returns how many are not in it any more. */
export async function removeFromLabel(trx: Trx, userId: string, labelId: string, chosen: Chosen): Promise<number> {
  return inPieces(
    trx,
    userId,
    chosen,
    (ids) => sql`
      delete from contact_label_members
      where user_id = ${userId} and label_id = ${labelId} and contact_id = any(${ids}::bigint[])`,
  )
}

async function inPieces(
  trx: Trx,
  userId: string,
  chosen: Chosen,
  change: (ids: number[]) => ReturnType<typeof sql>,
): Promise<number> {
  let changed = 0
  for (let after = 0; ;) {
    const ids = await readPiece(trx, userId, chosen, after)
    if (ids.length === 0) return changed
    changed += Number((await change(ids).execute(trx)).numAffectedRows ?? 0n)
    if (ids.length < PIECE) return changed
    after = ids.at(-1) ?? after
  }
}

/**
 * The next of them that are contacts of the account, in the order of their ids; held, so that none goes meanwhile. Who is
 * just being deleted is not waited for: that transaction waits for this list, to count it.
 */
async function readPiece(trx: Trx, userId: string, chosen: Chosen, afterId: number): Promise<number[]> {
  const isChosen =
    'contactIds' in chosen
      ? sql<boolean>`id = any(${chosen.contactIds}::bigint[])`
      : 'importId' in chosen
        ? sql<boolean>`id in (
            select contact_id from import_contacts
            where user_id = ${userId} and import_id = ${chosen.importId} and contact_id > ${afterId}
            order by contact_id limit ${PIECE}
          )`
        : fits(userId, chosen.filter ?? EVERYBODY)
  const rows = await trx
    .selectFrom('contacts')
    .select('id')
    .where('user_id', '=', userId)
    .where('id', '>', afterId)
    .where(isChosen)
    .orderBy('id')
    .limit(PIECE)
    .forKeyShare()
    .skipLocked()
    .execute()
  return rows.map(({ id }) => id)
}
