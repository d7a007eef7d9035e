import { z } from 'zod'
import { id } from './common.ts'

/** WhatsApp's limit for one text message, in UTF-16 units as its clients count. */
export const MAX_TEXT_LENGTH = 4096
/** The same for what stands under a picture, a video or a document. */
export const MAX_CAPTION_LENGTH = 1024

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

/** What every message with a file has. */
const medium = {
  /** Of `/api/user/media`, of the kind that the message's type says. */
  mediaId: id,
  delayBeforeMs,
  /** Goes instead, under the same id, when the file cannot be sent for good. */
  textFallback: z.string().min(1).max(MAX_TEXT_LENGTH).optional(),
}
/** Longer than a caption may become, because a condition may leave parts of it out. */
const caption = z.string().min(1).max(MAX_TEXT_LENGTH).optional()

export const imageMessage = z.strictObject({ type: z.literal('image'), ...medium, content: caption })
export const videoMessage = z.strictObject({ type: z.literal('video'), ...medium, content: caption })
/** WhatsApp shows no text with audio. Opus in Ogg plays as a voice note. */
export const audioMessage = z.strictObject({ type: z.literal('audio'), ...medium })
export const documentMessage = z.strictObject({
  type: z.literal('document'),
  ...medium,
  content: caption,
  /** What the recipient sees; without it the name that the file was uploaded under. */
  fileName: z
    .string()
    .min(1)
    .max(240)
    .regex(/^[^/\\\p{Cc}]+$/u, 'Write a name without slashes.')
    .optional(),
})
export type MediumMessage = z.infer<
  typeof imageMessage | typeof videoMessage | typeof audioMessage | typeof documentMessage
>

/** One step of the sequence that every recipient gets. */
export const campaignMessage = z.discriminatedUnion('type', [
  textMessage,
  templateMessage,
  imageMessage,
  videoMessage,
  audioMessage,
  documentMessage,
])
export type CampaignMessage = z.infer<typeof campaignMessage>
