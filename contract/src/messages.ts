import { z } from 'zod'
import { campaignMessage } from './campaignMessages.ts'
import { typedRecipient, UNKNOWN_POLICIES } from './campaigns.ts'
import { id, instant } from './common.ts'
import { FAILURE_CATEGORIES } from './errors.ts'
import { country } from './imports.ts'
import { PAUSE_REASONS } from './states.ts'

/** Where a single message stands; `sent` to `cancelled` are decided, though a receipt may still move them forward. */
export const MESSAGE_STATES = [
  'scheduled',
  /** In the queue of its channel; `reason` says what for, where it is not just its turn. */
  'waiting',
  'sending',
  'sent',
  'delivered',
  'read',
  'failed',
  /** It may have gone out, and nobody can tell. */
  'unknown',
  'cancelled',
  /** Nobody could send it within 15 minutes of its time: a person sends it now, or deletes it. */
  'missed',
] as const
export type MessageState = (typeof MESSAGE_STATES)[number]

/** Why a message waits: what its channel waits for, or `retry` after an attempt that failed. */
export const WAIT_REASONS = [...PAUSE_REASONS, 'retry'] as const
export type WaitReason = (typeof WAIT_REASONS)[number]

/** `POST /api/user/messages`: one message to one person, ahead of every campaign on its channel. */
export const sendMessageBody = z.strictObject({
  /** Or by the header `token`, or both for the same channel. */
  channelId: id.optional(),
  ...typedRecipient.shape,
  message: campaignMessage,
  defaultCountry: country.optional(),
  /** An instant (`…Z`, `…-03:00`) or a wall time in `timeZone`; without it the message goes now. */
  scheduledAt: z.string().max(40).optional(),
  timeZone: z.string().min(1).max(60).optional(),
  unknownPolicy: z.enum(UNKNOWN_POLICIES).default('resend'),
})
export type SendMessageBody = z.input<typeof sendMessageBody>

/** One message: answer of `POST` (201), `GET /:id`, `DELETE /:id` and `POST /:id/send`, and a row of the list. */
export const singleMessage = z.object({
  messageId: id,
  channelId: id,
  /** E.164 */
  phone: z.string(),
  name: z.string().nullable(),
  message: campaignMessage,
  state: z.enum(MESSAGE_STATES),
  reason: z.enum(WAIT_REASONS).nullable(),
  /** Of the last attempt that failed. */
  category: z.enum(FAILURE_CATEGORIES).nullable(),
  code: z.string().nullable(),
  attempts: z.number(),
  nextAttemptAt: instant.nullable(),
  /** The id that the gateway knows it by, the same at every attempt. */
  gatewayMessageId: z.string(),
  scheduledAt: instant.nullable(),
  timeZone: z.string(),
  createdAt: instant,
  /** Since when it is in its state. */
  statusAt: instant,
})
export type SingleMessage = z.infer<typeof singleMessage>

/**
 * `POST /api/user/bulk-campaigns/:id/test`: the campaign's first message to one person, now, as a single message (201).
 * The campaign's own books do not know of it.
 */
export const testSendBody = z.strictObject({ ...typedRecipient.shape, defaultCountry: country.optional() })
export type TestSendBody = z.infer<typeof testSendBody>
