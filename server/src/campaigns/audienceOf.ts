import type { z } from 'zod'
import type { createCampaignBody, RefusedRecipient } from '#contract/campaigns.ts'
import { normalizePhoneInput } from '#server/phone/PhoneValidationService.ts'
import type { AudienceSource, TypedEntry } from '#server/recipients/expandAudience.ts'

const DEFAULT_COUNTRY = 'BR'

/** What was typed is judged now, so that the answer names every refusal; imports were judged when they came in. */
export function audienceOf(body: z.output<typeof createCampaignBody>): {
  sources: AudienceSource[]
  typed: TypedEntry[]
} {
  const typed = (body.recipients.contacts ?? []).map((recipient): TypedEntry => {
    const phone = normalizePhoneInput(recipient.phone, body.defaultCountry ?? DEFAULT_COUNTRY)
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

/** Every one that was refused, with its place among those typed. */
export function refusalsOf(typed: TypedEntry[]): RefusedRecipient[] {
  return typed.flatMap((entry, index) => {
    if (!('reason' in entry)) return []
    return [{ index, field: `recipients.contacts.${index}.phone`, input: entry.input, reason: entry.reason }]
  })
}
