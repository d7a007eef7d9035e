import { sql } from 'kysely'
import type { Trx } from '#server/db/Database.ts'
import { deleteContact, findContactByPhone } from './contactQueries.ts'

/**
 * Removes a person from contacts and imports: the contact, its place in every import, and what reports of imports kept
 * of rows in which the number stood. A refused row stays, because it is counted, with nothing in it but its line and
 * the reason. `spellings`: digits by which the number is found within the text of a row.
 */
export async function eraseContact(
  trx: Trx,
  userId: string,
  phone: string,
  spellings: string[],
): Promise<{ contacts: number; importRows: number }> {
  const contact = await findContactByPhone(trx, userId, phone)
  if (contact !== undefined) await deleteContact(trx, userId, contact.id)
  const holdsNumber = sql`regexp_replace(cells::text, '[^0-9]', '', 'g') like any(${spellings.map((digits) => `%${digits}%`)}::text[])`
  const warnings = await sql`
    delete from import_warnings where user_id = ${userId} and (phone = ${phone} or others ? ${phone} or ${holdsNumber})
  `.execute(trx)
  const rejections = await sql`
    update import_rejections set cells = '[]', field = '' where user_id = ${userId} and ${holdsNumber}
  `.execute(trx)
  const importRows = Number((warnings.numAffectedRows ?? 0n) + (rejections.numAffectedRows ?? 0n))
  return { contacts: contact === undefined ? 0 : 1, importRows }
}
