import type { z } from 'zod'
import {
  MAX_TYPED_RECIPIENTS,
  type createCampaignBody,
  type RefusedRecipient,
  type TypedRecipient,
} from '#contract/campaigns.ts'
import { parseTypedRecipients } from '#contract/parseTypedRecipients.ts'
import { requireLabels } from '#server/contacts/ContactListService.ts'
import { findImports } from '#server/contacts/importQueries.ts'
import type { Db } from '#server/db/Database.ts'
import { AppError } from '#server/lib/AppError.ts'
import { normalizePhoneInput } from '#server/phone/PhoneValidationService.ts'
import type { AudienceSource, TypedEntry } from '#server/recipients/expandAudience.ts'
import { findCampaignIds } from './campaignQueries.ts'

type ParsedBody = z.output<typeof createCampaignBody>

/** Throws UNKNOWN_IMPORT, UNKNOWN_GROUP or UNKNOWN_CAMPAIGN, naming what is not there. */
export async function checkSources(db: Db, userId: string, recipients: ParsedBody['recipients']): Promise<void> {
  const { importIds = [], groupIds = [], tagIds = [], excludeCampaignIds = [] } = recipients
  const imports = await findImports(db, userId, importIds)
  const finished = new Set(imports.filter((i) => i.status === 'completed').map((i) => i.id))
  refuseMissing('UNKNOWN_IMPORT', 'importIds', importIds, finished)
  await requireLabels(db, userId, { groupIds, tagIds }, 'recipients.')
  refuseMissing(
    'UNKNOWN_CAMPAIGN',
    'excludeCampaignIds',
    excludeCampaignIds,
    await findCampaignIds(db, userId, excludeCampaignIds),
  )
}

function refuseMissing(
  code: 'UNKNOWN_IMPORT' | 'UNKNOWN_CAMPAIGN',
  field: string,
  ids: readonly string[],
  known: ReadonlySet<string>,
): void {
  const missing = ids.filter((id) => !known.has(id))
  if (missing.length > 0) throw new AppError(code, { details: [{ field: `recipients.${field}`, missing }] })
}

/** What was typed is judged now, so that the answer names every refusal; imports were judged when they came in. */
export function audienceOf(
  body: ParsedBody,
  country: string,
): {
  sources: AudienceSource[]
  typed: TypedEntry[]
} {
  const typed = typedRecipients(body).map((recipient): TypedEntry => {
    const phone = normalizePhoneInput(recipient.phone, country)
    if (!phone.ok) return { input: recipient.phone, reason: phone.reason }
    return { phone: phone.e164, name: recipient.name ?? null, variables: recipient.variables ?? {} }
  })
  const { importIds = [], groupIds = [], tagIds = [] } = body.recipients
  const sources: AudienceSource[] = [
    ...importIds.map((importId): AudienceSource => ({ kind: 'import', importId })),
    ...[...groupIds, ...tagIds].map((labelId): AudienceSource => ({ kind: 'label', labelId })),
  ]
  return { sources: typed.length > 0 ? [{ kind: 'typed' }, ...sources] : sources, typed }
}

/** Those given one by one, then those of the text. Throws VALIDATION_FAILED where they are too many together. */
function typedRecipients({ recipients: { contacts = [], typed = '' } }: ParsedBody): TypedRecipient[] {
  const all = [...contacts, ...parseTypedRecipients(typed).map(({ phone, name }) => ({ phone, name }))]
  if (all.length <= MAX_TYPED_RECIPIENTS) return all
  const message = `holds more than ${MAX_TYPED_RECIPIENTS} people`
  throw new AppError('VALIDATION_FAILED', { details: [{ field: 'recipients.typed', message }] })
}

/** Every one that was refused, with its place among those typed; `given`: how many came one by one. */
export function refusalsOf(typed: TypedEntry[], given: number): RefusedRecipient[] {
  return typed.flatMap((entry, index) => {
    if (!('reason' in entry)) return []
    const field = index < given ? `recipients.contacts.${index}.phone` : 'recipients.typed'
    return [{ index, field, input: entry.input, reason: entry.reason }]
  })
}
