import { sql, type Selectable } from 'kysely'
import type { LabelKind } from '#contract/contactLists.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { fits, type ContactFilter } from './contactFilter.ts'
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

export type ContactCounts = Record<'contacts' | 'withoutWhatsapp' | 'suppressed' | 'groups' | 'tags', number>

/** How many of each an account has, counted up to `most`. */
export async function countUpTo(db: Db, userId: string, most: number): Promise<ContactCounts> {
  const upTo = (rows: ReturnType<typeof sql>) => sql`(select count(*) from (${rows} limit ${most}) counted)`
  const labels = (kind: LabelKind) =>
    upTo(sql`select from contact_labels where user_id = ${userId} and kind = ${sql.lit(kind)}`)
  const { rows } = await sql<ContactCounts>`
    select ${upTo(sql`select from contacts where user_id = ${userId}`)} as contacts,
      ${upTo(sql`
        select from phone_checks k join contacts c on c.user_id = k.user_id and c.phone = k.phone
        where k.user_id = ${userId} and not k.is_on_whatsapp
      `)} as "withoutWhatsapp",
      ${upTo(sql`select from suppressions where user_id = ${userId}`)} as suppressed,
      ${labels('group')} as groups, ${labels('tag')} as tags
  `.execute(db)
  return rows[0] ?? { contacts: 0, withoutWhatsapp: 0, suppressed: 0, groups: 0, tags: 0 }
}

/** A contact with the groups and tags that it is in. */
export type LabelledContact = ContactRow & { groupIds: string[]; tagIds: string[] }

const labelIds = (kind: LabelKind) => sql<string[]>`coalesce((
  select array_agg(l.id order by l.created_at, l.id) from contact_label_members m
  join contact_labels l on l.user_id = m.user_id and l.id = m.label_id
  where m.user_id = contacts.user_id and m.contact_id = contacts.id and l.kind = ${sql.lit(kind)}
), '{}')`

/** In the order of their ids, from after `afterId`. */
export async function listContacts(
  db: Db,
  userId: string,
  options: { afterId: number; limit: number; filter: ContactFilter },
): Promise<LabelledContact[]> {
  return db
    .selectFrom('contacts')
    .selectAll()
    .select([labelIds('group').as('groupIds'), labelIds('tag').as('tagIds')])
    .where('user_id', '=', userId)
    .where('id', '>', options.afterId)
    .where(fits(userId, options.filter))
    .orderBy('id')
    .limit(options.limit)
    .execute()
}

export async function findLabelledContact(
  db: Db | Trx,
  userId: string,
  id: number,
): Promise<LabelledContact | undefined> {
  return db
    .selectFrom('contacts')
    .selectAll()
    .select([labelIds('group').as('groupIds'), labelIds('tag').as('tagIds')])
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .executeTakeFirst()
}

/** The id of the new contact; undefined where the number is there already. */
export async function insertContact(
  trx: Trx,
  userId: string,
  contact: { phone: string; name: string; variables: Record<string, string> },
): Promise<number | undefined> {
  const row = await trx
    .insertInto('contacts')
    .values({ user_id: userId, ...contact, variables: JSON.stringify(contact.variables) })
    .onConflict((conflict) => conflict.columns(['user_id', 'phone']).doNothing())
    .returning('id')
    .executeTakeFirst()
  return row?.id
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
