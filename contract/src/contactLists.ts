import { z } from 'zod'
import { id, instant } from './common.ts'

/** Groups and tags are the same thing twice: a name for some contacts. People sort by the one and mark by the other. */
export const LABEL_KINDS = ['group', 'tag'] as const
export type LabelKind = (typeof LABEL_KINDS)[number]

/** Contacts named one by one in one request; more come by a filter or an import. */
export const MAX_NAMED_CONTACTS = 10_000

/** A group or a tag, and how many contacts are in it. */
export const contactList = z.object({ id, name: z.string(), contacts: z.number(), createdAt: instant })
export type ContactList = z.infer<typeof contactList>

export const contactListBody = z.strictObject({ name: z.string().trim().min(1).max(100) })

/** Of all contacts of the account, those that fit everything named here. */
const filter = z.strictObject({
  search: z.string().trim().min(1).max(100).optional(),
  groupId: id.optional(),
  tagId: id.optional(),
})

/** `POST …/:id/add` and `/remove`: those of an import, those named, or those that fit a filter (`{}`: all). */
export const contactSelection = z.union([
  z.strictObject({ importId: id }),
  z.strictObject({ contactIds: z.array(z.int().min(1).max(1e15)).min(1).max(MAX_NAMED_CONTACTS) }),
  z.strictObject({ filter }),
])
export type ContactSelection = z.infer<typeof contactSelection>

/** `changed`: contacts that were not in it before, or are not in it any more. Ids that nobody has change nothing. */
export const changedContactList = contactList.extend({ changed: z.number() })
export type ChangedContactList = z.infer<typeof changedContactList>

/** Somebody in the address book of a channel's phone. */
export const addressBookEntry = z.object({ phone: z.string(), name: z.string() })
export type AddressBookEntry = z.infer<typeof addressBookEntry>

export const fromChannelBody = z.strictObject({ channelId: id })

/** Every entry of the address book is created, known (a contact already) or refused (erased, or no telephone number). */
export const contactsFromChannel = z.object({ created: z.number(), known: z.number(), refused: z.number() })
export type ContactsFromChannel = z.infer<typeof contactsFromChannel>
