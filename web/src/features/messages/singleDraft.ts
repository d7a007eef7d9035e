import { z } from 'zod'
import { sendMessageBody } from '#contract/messages.ts'
import { randomId } from '../../lib/randomId.ts'
import { readStoredJson, removeStored, writeStored } from '../../lib/storage.ts'

const text = z.string().catch('')

const singleDraft = z.object({
  channelId: text,
  phone: text,
  country: z.string().catch('BR'),
  name: text,
  content: text,
  when: z.enum(['now', 'later']).catch('now'),
  /** Wall time in `timeZone`, as the control writes it: `2026-12-01T09:00`. */
  at: text,
  timeZone: text,
})
/** What stands in the form. */
export type SingleDraft = z.infer<typeof singleDraft>

const attempt = z.object({ key: z.string().min(1), body: sendMessageBody, at: z.number() })
/**
 * A message that was handed to the network, with the key under which the server knows this very request. It is written
 * down before it leaves, and stays until an answer says what became of it.
 */
export type Attempt = { key: string; body: z.input<typeof sendMessageBody>; at: number }

export type Kept = { draft: SingleDraft; attempt: Attempt | null }

const kept = z.object({ draft: singleDraft, attempt: attempt.nullable().catch(null) })

/** The server forgets a key after 24 hours; a repeat after that would be a new message. */
const KEY_LIVES_MS = 23 * 3_600_000

const KEY = 'singleMessage.'

/** What this user left unsent on this device. It holds a phone number and a text, no secrets. */
export function loadKept(userId: string): Kept {
  return kept.safeParse(readStoredJson(KEY + userId)).data ?? { draft: singleDraft.parse({}), attempt: null }
}

export function saveKept(userId: string, { draft, attempt: open }: Kept): void {
  if (draft.phone === '' && draft.content === '' && draft.name === '' && open === null) removeStored(KEY + userId)
  else writeStored(KEY + userId, JSON.stringify({ draft, attempt: open }))
}

export function newAttempt(body: Attempt['body'], nowMs: number): Attempt {
  return { key: randomId(), body, at: nowMs }
}

/** Whether repeating it is safe: the server still knows its key. */
export function canRepeat({ at }: Attempt, nowMs: number): boolean {
  return nowMs - at < KEY_LIVES_MS
}

/** The request that a form stands for. */
export function bodyOf({ channelId, phone, country, name, content, when, at, timeZone }: SingleDraft): Attempt['body'] {
  return {
    channelId,
    phone: phone.trim(),
    ...(name.trim() === '' ? {} : { name: name.trim() }),
    message: { type: 'text', content },
    defaultCountry: country,
    ...(when === 'later' ? { scheduledAt: at, timeZone } : {}),
  }
}
