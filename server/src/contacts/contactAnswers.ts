import type { Contact } from '#contract/contacts.ts'
import type { LabelledContact } from './contactQueries.ts'

/** As the API shows it. */
export function toContact(row: LabelledContact): Contact {
  return {
    id: row.id,
    phone: row.phone,
    name: row.name,
    variables: row.variables,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    groupIds: row.groupIds,
    tagIds: row.tagIds,
  }
}
