import { z } from 'zod'
import { campaignMessage } from './campaignMessages.ts'
import { MAX_STEPS, typedRecipient } from './campaigns.ts'
import { id, instant } from './common.ts'

/** A variable that a text speaks of. */
export const templateNeed = z.object({
  /** As the text writes it. */
  name: z.string(),
  /** True when the text reads well without it everywhere: by a `default`, or because a condition asks for it. */
  hasFallback: z.boolean(),
})
export type TemplateNeed = z.infer<typeof templateNeed>

const name = z.string().trim().min(1).max(120)
const messages = z.array(campaignMessage).min(1).max(MAX_STEPS)

export const createTemplateBody = z.strictObject({ name, messages })
export type CreateTemplateBody = z.input<typeof createTemplateBody>

export const editTemplateBody = z
  .strictObject({ name: name.optional(), messages: messages.optional() })
  .refine((body) => Object.keys(body).length > 0, 'Name at least one field to change.')
export type EditTemplateBody = z.input<typeof editTemplateBody>

/** One or more messages under a name, to begin campaigns with; a campaign keeps its own copy. */
export const savedTemplate = z.object({
  id,
  name: z.string(),
  messages: z.array(campaignMessage),
  needs: z.array(templateNeed),
  createdAt: instant,
  updatedAt: instant,
})
export type SavedTemplate = z.infer<typeof savedTemplate>

/** Recipients of one preview. */
export const MAX_PREVIEWED = 50

/** Contacts, and one made up for the purpose; without either, somebody of whom nothing is known. */
export const previewBody = z.strictObject({
  messages,
  contactIds: z.array(z.int().min(1)).min(1).max(MAX_PREVIEWED).optional(),
  sample: typedRecipient.partial({ phone: true }).optional(),
  timeZone: z.string().min(1).max(60).optional(),
})
export type PreviewBody = z.input<typeof previewBody>

/** Every text of one message, as one recipient would get it. */
export const previewedMessage = z.object({
  type: z.enum(['text', 'template', 'image', 'video', 'audio', 'document']),
  /** `field` as in the message: `content`, `textFallback`, `body.0.text`. Null where it cannot be made: see `problem`. */
  texts: z.array(z.object({ field: z.string(), text: z.string().nullable(), problem: z.string().nullable() })),
})

export const preview = z.object({
  needs: z.array(templateNeed),
  items: z.array(
    z.object({
      /** Null for a sample. */
      contactId: z.number().nullable(),
      messages: z.array(previewedMessage),
      /** Variables that the texts need, that have no fallback and that are empty here. */
      missing: z.array(z.string()),
    }),
  ),
})
export type Preview = z.infer<typeof preview>
