import { sql, type Selectable } from 'kysely'
import type { Db, Trx } from '#server/db/Database.ts'
import type { ContactsTable } from './contactTables.ts'

export type ContactRow = Selectable<ContactsTable>

/** The contact with this canonical phone, if the user has it. */
export async function findContactByPhone(db: Db | Trx, userId: string, phone: string): Promise<ContactRow | undefined> {
  return db
    .selectFrom('contacts')
    .selectAll()
    .where('user_id', '=', userId)
    .where('phone', '=', phone)
    .executeTakeFirst()
}

export async function findContact(db: Db | Trx, userId: string, id: number): Promise<ContactRow | undefined> {
  return db.selectFrom('contacts').selectAll().where('user_id', '=', userId).where('id', '=', id).executeTakeFirst()
}

/** Those of `ids` that the user has, in no order. */
export async function findContacts(db: Db | Trx, userId: string, ids: number[]): Promise<ContactRow[]> {
  return db.selectFrom('contacts').selectAll().where('user_id', '=', userId).where('id', 'in', ids).execute()
}

export async function countContacts(db: Db, userId: string): Promise<number> {
  const { count } = await db
    .selectFrom('contacts')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('user_id', '=', userId)
    .executeTakeFirstOrThrow()
  return count
}

/** What a list of contacts is narrowed to. */
export type ContactSearch = { phone: string } | { phoneStart: string } | { nameStart: string }

/** In the order of their ids, from after `afterId`. */
export async function listContacts(
  db: Db,
  userId: string,
  options: { afterId: number; limit: number; search: ContactSearch | null },
): Promise<ContactRow[]> {
  return db
    .selectFrom('contacts')
    .selectAll()
    .where('user_id', '=', userId)
    .where('id', '>', options.afterId)
    .$if(options.search !== null, (query) => query.where(matches(options.search ?? { nameStart: '' })))
    .orderBy('id')
    .limit(options.limit)
    .execute()
}

function matches(search: ContactSearch) {
  if ('phone' in search) return sql<boolean>`phone = ${search.phone}`
  if ('phoneStart' in search) return sql<boolean>`starts_with(phone, ${search.phoneStart})`
  return sql<boolean>`starts_with(lower(name), lower(${search.nameStart}))`
}

export async function updateContact(
  trx: Trx,
  userId: string,
  id: number,
  changes: { name?: string; variables?: Record<string, string> },
): Promise<ContactRow | undefined> {
  const { name, variables } = changes
  return trx
    .updateTable('contacts')
    .set({
      ...(name === undefined ? {} : { name }),
      ...(variables === undefined ? {} : { variables: JSON.stringify(variables) }),
      updated_at: sql<Date>`clock_timestamp()`,
    })
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst()
}

/** Out of the contacts and of every import; what campaigns copied of it stays. False when there was none. */
export async function deleteContact(trx: Trx, userId: string, id: number): Promise<boolean> {
  await trx.deleteFrom('import_contacts').where('user_id', '=', userId).where('contact_id', '=', id).execute()
  const { numDeletedRows } = await trx
    .deleteFrom('contacts')
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .executeTakeFirst()
  return numDeletedRows === 1n
}

export type ContactImportEntry = {
  importId: string
  fileName: string
  line: number
  created: boolean
  importedAt: Date
}

/** The imports that a contact came by. */
export async function listImportsOfContact(db: Db, userId: string, contactId: number): Promise<ContactImportEntry[]> {
  return db
    .selectFrom('import_contacts as m')
    .innerJoin('contact_imports as i', (join) =>
      join.onRef('i.user_id', '=', 'm.user_id').onRef('i.id', '=', 'm.import_id'),
    )
    .select(['i.id as importId', 'i.file_name as fileName', 'm.line', 'm.created', 'i.created_at as importedAt'])
    .where('m.user_id', '=', userId)
    .where('m.contact_id', '=', contactId)
    .orderBy('i.created_at')
    .execute()
}

/** What was noticed in the rows of files in which this number stood. */
export async function listWarningsOfPhone(db: Db, userId: string, phone: string) {
  return db
    .selectFrom('import_warnings')
    .select(['import_id as importId', 'line', 'reason', 'field', 'cells'])
    .where('user_id', '=', userId)
    .where('phone', '=', phone)
    .orderBy('import_id')
    .orderBy('line')
    .execute()
}
