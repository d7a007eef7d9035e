import type { CampaignMessage } from '#contract/campaigns.ts'
import { newMessage, type PlanMessage } from './campaignPlan.ts'

/** A message of a saved template or of another campaign, to go on with. */
export function fromMessage(message: CampaignMessage): PlanMessage {
  const delaySeconds = (message.delayBeforeMs ?? 3000) / 1000
  if (message.type === 'text') return newMessage({ content: message.content, delaySeconds })
  if (message.type === 'template') {
    const { delayBeforeMs: _, ...template } = message
    return newMessage({ type: 'template', template, delaySeconds })
  }
  return newMessage({
    type: message.type,
    mediaId: message.mediaId,
    content: message.type === 'audio' ? '' : (message.content ?? ''),
    fileName: message.type === 'document' ? (message.fileName ?? null) : null,
    textFallback: message.textFallback ?? '',
    delaySeconds,
  })
}
