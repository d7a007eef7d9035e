import { z } from 'zod'

/** WhatsApp's limit for one text message, in UTF-16 units as its clients count. */
export const MAX_TEXT_LENGTH = 4096

/** Pause after the step before, at most one day. */
const delayBeforeMs = z.int().min(0).max(86_400_000).optional()

export const textMessage = z.strictObject({
  type: z.literal('text'),
  content: z.string().min(1).max(MAX_TEXT_LENGTH),
  delayBeforeMs,
})

/** May hold variables; what comes out must not be empty, because Meta refuses an empty parameter. */
const parameterText = z.string().min(1).max(1024)
/** For templates with named parameters; without names the order counts. */
const parameterName = z
  .string()
  .regex(/^[a-z0-9_]{1,64}$/)
  .optional()

const parameter = z.strictObject({ text: parameterText, name: parameterName })
/** Fetched by Meta; may hold variables. */
const link = z
  .string()
  .max(2000)
  .regex(/^https?:\/\//, 'Write an address that begins with http.')

export const templateHeader = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text: parameterText, name: parameterName }),
  z.strictObject({ type: z.literal('image'), link }),
  z.strictObject({ type: z.literal('video'), link }),
  z.strictObject({ type: z.literal('document'), link, fileName: z.string().min(1).max(240).optional() }),
])

/** `index` is the place of the button in the template, from 0; only buttons with a variable part are named. */
export const templateButton = z.strictObject({
  kind: z.enum(['url', 'quickReply', 'copyCode']),
  index: z.int().min(0).max(9),
  value: parameterText,
})

/**
 * A template that Meta has approved, by name and language; only the parts that have parameters are named, and every
 * text may hold {{variables}}. Numbers and limits: contracts/cloud-api.md 1.
 */
export const templateMessage = z.strictObject({
  type: z.literal('template'),
  name: z.string().regex(/^[a-z0-9_]{1,512}$/),
  /** As Meta lists it: `pt_BR`. */
  language: z.string().regex(/^[a-z]{2,3}(?:[_-][A-Z]{2,3})?$/),
  header: templateHeader.optional(),
  body: z.array(parameter).max(50).optional(),
  buttons: z.array(templateButton).max(10).optional(),
  delayBeforeMs,
})
export type TemplateMessage = z.infer<typeof templateMessage>

/** One step of the sequence that every recipient gets. */
export const campaignMessage = z.discriminatedUnion('type', [textMessage, templateMessage])
export type CampaignMessage = z.infer<typeof campaignMessage>
