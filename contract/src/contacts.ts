import { z } from 'zod'
import { campaignMessage } from './campaignMessages.ts'
import { id, instant, pageQuery } from './common.ts'
import { FAILURE_CATEGORIES } from './errors.ts'
import { country } from './imports.ts'
import { RECIPIENT_STATUSES } from './states.ts'
import { suppression } from './suppressions.ts'

/** Contacts count from 1 in every account. */
export const contactParams = z.strictObject({
  id: z
    .string()
    .regex(/^[1-9]\d{0,14}$/)
    .transform(Number),
})

const variables = z.record(z.string().min(1).max(512), z.string().max(4096))

export const contact = z.object({
  id: z.number(),
  /** E.164 */
  phone: z.string(),
  name: z.string(),
  variables: z.record(z.string(), z.string()),
  createdAt: instant,
  updatedAt: instant,
  groupIds: z.array(id),
  tagIds: z.array(id),
})
export type Contact = z.infer<typeof contact>

/** `search`: the beginning of a name or of a number, or a whole number in any spelling. */
export const contactFilter = pageQuery.extend({
  search: z.string().trim().min(1).max(100).optional(),
  groupId: id.optional(),
  tagId: id.optional(),
})

/** `POST /api/user/contacts`. Throws CONTACT_EXISTS, with its id, for a number that is there. */
export const createContactBody = z.strictObject({
  phone: z.string().min(1).max(200),
  defaultCountry: country.optional(),
  name: z.string().max(500).optional(),
  variables: variables.optional(),
  groupIds: z.array(id).max(100).optional(),
  tagIds: z.array(id).max(100).optional(),
})
export type CreateContactBody = z.infer<typeof createContactBody>

/** `GET /api/user/contacts/:id/activity`, newest first: what one campaign or single message was to this person. */
export const contactActivity = z.object({
  campaignId: id,
  kind: z.enum(['campaign', 'single']),
  name: z.string(),
  channelName: z.string(),
  status: z.enum(RECIPIENT_STATUSES),
  statusAt: instant,
  step: z.number(),
  attempts: z.number(),
  errorCategory: z.enum(FAILURE_CATEGORIES).nullable(),
  errorCode: z.string().nullable(),
  createdAt: instant,
})
export type ContactActivity = z.infer<typeof contactActivity>

export const editContactBody = z
  .strictObject({ name: z.string().max(500).optional(), variables: variables.optional() })
  .refine((body) => Object.keys(body).length > 0, 'Name at least one field to change.')
export type EditContactBody = z.infer<typeof editContactBody>

/** A person by number, in any spelling, whether they are a contact or not. */
export const personBody = z.strictObject({ phone: z.string().min(1).max(200), defaultCountry: country.optional() })

/** What was erased. The books keep a row for each `recipients`, with nothing in it that says who it was. */
export const erasedPerson = z.object({
  /** The person stays suppressed under this id. */
  suppressionId: id,
  contacts: z.number(),
  recipients: z.number(),
  /** Of these, open ones, which are now skipped or unknown. */
  closed: z.number(),
  importRows: z.number(),
})
export type ErasedPerson = z.infer<typeof erasedPerson>

const personCampaign = z.object({
  campaignId: id,
  kind: z.enum(['campaign', 'single']),
  name: z.string(),
  channelName: z.string(),
  /** As they were written; the variables below were put in. */
  messages: z.array(campaignMessage),
  phone: z.string(),
  recipientName: z.string().nullable(),
  variables: z.record(z.string(), z.string()),
  status: z.enum(RECIPIENT_STATUSES),
  /** Since when it is in its state. */
  statusAt: instant,
  step: z.number(),
  attempts: z.number(),
  errorCategory: z.enum(FAILURE_CATEGORIES).nullable(),
  errorCode: z.string().nullable(),
  createdAt: instant,
  steps: z.array(z.object({ step: z.number(), status: z.string(), at: instant })),
  errors: z.array(z.object({ category: z.string(), code: z.string(), message: z.string(), at: instant })),
})

const personImport = z.object({
  importId: id,
  fileName: z.string(),
  line: z.number(),
  created: z.boolean(),
  importedAt: instant,
})

/** `GET /api/user/contacts/:id/export`: everything that an account knows of one person. */
export const personExport = z.object({
  phone: z.string(),
  exportedAt: instant,
  contact: contact.nullable(),
  /** By their names. */
  groups: z.array(z.string()),
  tags: z.array(z.string()),
  suppression: suppression.nullable(),
  /** What a gateway last said about the number; null where none was asked. */
  whatsapp: z.object({ isOnWhatsapp: z.boolean(), jid: z.string().nullable(), checkedAt: instant }).nullable(),
  imports: z.array(personImport),
  warnings: z.array(
    z.object({ importId: id, line: z.number(), reason: z.string(), field: z.string(), cells: z.array(z.string()) }),
  ),
  campaigns: z.array(personCampaign),
  auditEvents: z.array(z.object({ action: z.string(), at: instant, details: z.record(z.string(), z.unknown()) })),
})
export type PersonExport = z.infer<typeof personExport>

/** Counted up to this; then `isMore`. */
export const COUNTED_CONTACTS = 100_000

const upTo = z.object({ count: z.number(), isMore: z.boolean() })

/** `GET /api/user/contacts/summary`: `withoutWhatsapp` are numbers of whom a gateway has said so lately. */
export const contactSummary = z.object({
  contacts: upTo,
  withoutWhatsapp: upTo,
  suppressed: upTo,
  groups: upTo,
  tags: upTo,
})
export type ContactSummary = z.infer<typeof contactSummary>
