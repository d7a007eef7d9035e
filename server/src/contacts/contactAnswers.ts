import type { Contact } from '#contract/contacts.ts'
import type { ContactRow } from './contactQueries.ts'

/** As the API shows it. */
export function toContact(row: ContactRow): Contact {
  return {
    id: row.id,
    phone: row.phone,
    name: row.name,
    variables: row.variables,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }
}
