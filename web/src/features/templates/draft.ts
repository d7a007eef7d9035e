import { z } from 'zod'
import { campaignMessage, templateMessage, type CampaignMessage } from '#contract/campaignMessages.ts'
import { MEDIA_KINDS } from '#contract/media.ts'
import { randomId } from '../../lib/randomId.ts'
import { variablesOf } from '../../lib/variablesOf.ts'

/** A message while it is written: everything is there, empty or not, so that switching back and forth loses nothing. */
const draftMessage = z.object({
  key: z.string(),
  content: z.string(),
  medium: z.object({ id: z.string(), kind: z.enum(MEDIA_KINDS) }).nullable(),
  /** Goes instead of the file when that cannot be sent. */
  textFallback: z.string(),
  fileName: z.string(),
  delaySeconds: z.number().min(0).max(86_400),
  /** A template that Meta has approved is kept as it is; it cannot be written here. */
  approved: templateMessage.nullable(),
})
export type DraftMessage = z.infer<typeof draftMessage>

export const templateDraft = z.object({ name: z.string(), messages: z.array(draftMessage).min(1).max(10) })
export type TemplateDraft = z.infer<typeof templateDraft>

export function emptyMessage(): DraftMessage {
  return {
    key: randomId(),
    content: '',
    medium: null,
    textFallback: '',
    fileName: '',
    delaySeconds: 0,
    approved: null,
  }
}

export function draftOf({ name, messages }: { name: string; messages: CampaignMessage[] }): TemplateDraft {
  return { name, messages: messages.map(draftMessageOf) }
}

function draftMessageOf(message: CampaignMessage): DraftMessage {
  const common = { ...emptyMessage(), delaySeconds: (message.delayBeforeMs ?? 0) / 1000 }
  if (message.type === 'template') return { ...common, approved: message }
  if (message.type === 'text') return { ...common, content: message.content }
  return {
    ...common,
    content: 'content' in message ? (message.content ?? '') : '',
    medium: { id: message.mediaId, kind: message.type },
    textFallback: message.textFallback ?? '',
    fileName: message.type === 'document' ? (message.fileName ?? '') : '',
  }
}

/** The messages that a draft stands for, or null while one of them is not finished. */
export function messagesOf({ messages }: TemplateDraft): CampaignMessage[] | null {
  const read = z.array(campaignMessage).safeParse(messages.map(messageOf))
  return read.data ?? null
}

function messageOf({ content, medium, textFallback, fileName, delaySeconds, approved }: DraftMessage, index: number) {
  // Before the first message there is nothing to wait for.
  const delay = index === 0 || delaySeconds === 0 ? {} : { delayBeforeMs: Math.round(delaySeconds * 1000) }
  if (approved !== null) {
    const { delayBeforeMs: _, ...rest } = approved
    return { ...rest, ...delay }
  }
  if (medium === null) return { type: 'text', content: content.trim() === '' ? '' : content, ...delay }
  return {
    type: medium.kind,
    mediaId: medium.id,
    ...(medium.kind !== 'audio' && content.trim() !== '' && { content }),
    ...(textFallback.trim() !== '' && { textFallback }),
    ...(medium.kind === 'document' && fileName.trim() !== '' && { fileName: fileName.trim() }),
    ...delay,
  }
}

/** What keeps one message from being finished; null when nothing does. */
export function problemOf(message: DraftMessage): 'empty' | 'fileName' | null {
  if (message.approved !== null) return null
  if (message.medium === null) return message.content.trim() === '' ? 'empty' : null
  return campaignMessage.safeParse(messageOf(message, 0)).success ? null : 'fileName'
}

/** What a text can speak of, each once: what everybody has, then what the person in the preview has. */
export function variablesFor(variables: Readonly<Record<string, string>> = {}): string[] {
  return variablesOf(['empresa', ...Object.keys(variables)])
}
