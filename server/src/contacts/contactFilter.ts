import { sql, type RawBuilder } from 'kysely'
import { normalizePhoneInput } from '#server/phone/PhoneValidationService.ts'

const DEFAULT_COUNTRY = 'BR'

type ContactSearch = { phone: string } | { phoneStart: string } | { nameStart: string }

/** What contacts are narrowed to: those that fit everything named. */
export type ContactFilter = { search: string | null; groupId: string | null; tagId: string | null }

export const EVERYBODY: ContactFilter = { search: null, groupId: null, tagId: null }

/** SQL over a row of `contacts`; each part can be answered by an index. */
export function fits(userId: string, { search, groupId, tagId }: ContactFilter): RawBuilder<boolean> {
  const parts = [groupId, tagId].flatMap((labelId) => (labelId === null ? [] : [isIn(userId, labelId)]))
  if (search !== null) parts.push(matches(searchOf(search)))
  return parts.length === 0 ? sql<boolean>`true` : sql<boolean>`(${sql.join(parts, sql` and `)})`
}

function isIn(userId: string, labelId: string): RawBuilder<boolean> {
  return sql<boolean>`exists (
    select from contact_label_members m
    where m.user_id = ${userId} and m.label_id = ${labelId} and m.contact_id = contacts.id
  )`
}

/** A whole number in any spelling, the beginning of one, or the beginning of a name. */
function searchOf(text: string): ContactSearch {
  if (!/^[\d\s().+-]+$/.test(text)) return { nameStart: text }
  const phone = normalizePhoneInput(text, DEFAULT_COUNTRY)
  return phone.ok ? { phone: phone.e164 } : { phoneStart: `+${text.replace(/\D/g, '')}` }
}

function matches(search: ContactSearch): RawBuilder<boolean> {
  if ('phone' in search) return sql<boolean>`phone = ${search.phone}`
  // A range, which the index of numbers answers under any collation: they are a plus and digits alone.
  if ('phoneStart' in search)
    return sql<boolean>`(phone >= ${search.phoneStart} and phone <= ${`${search.phoneStart}99999999999999999999`}
      and starts_with(phone, ${search.phoneStart}))`
  return sql<boolean>`(name <> '' and lower(name) like lower(${asPattern(search.nameStart)}))`
}

/** Nothing of what was typed is a wildcard. */
function asPattern(start: string): string {
  return `${start.replace(/[\\%_]/g, '\\$&')}%`
}
