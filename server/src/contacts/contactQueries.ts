import type { Selectable } from 'kysely'
import type { Db } from '#server/db/Database.ts'
import type { ContactsTable } from './contactTables.ts'

export type ContactRow = Selectable<ContactsTable>

/** The contact with this canonical phone, if the user has it. */
export async function findContactByPhone(db: Db, userId: string, phone: string): Promise<ContactRow | undefined> {
  return db
    .selectFrom('contacts')
    .selectAll()
    .where('user_id', '=', userId)
    .where('phone', '=', phone)
    .executeTakeFirst()
}

export async function countContacts(db: Db, userId: string): Promise<number> {
  const { count } = await db
    .selectFrom('contacts')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('user_id', '=', userId)
    .executeTakeFirstOrThrow()
  return count
}
