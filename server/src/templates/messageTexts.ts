import { MAX_CAPTION_LENGTH, MAX_TEXT_LENGTH, type CampaignMessage } from '#contract/campaignMessages.ts'

/** One text of a message that may hold variables. `field`: its place within the message. */
export type MessageText = { field: string; text: string; maxLength: number }

/** Every text of a message, in the order in which a reader meets them. */
export function textsOf(message: CampaignMessage): MessageText[] {
  if (message.type === 'text') return [{ field: 'content', text: message.content, maxLength: MAX_TEXT_LENGTH }]
  if (message.type === 'template') return textsOfApproved(message)
  const caption = message.type === 'audio' ? undefined : message.content
  const { textFallback } = message
  return [
    ...(caption === undefined ? [] : [{ field: 'content', text: caption, maxLength: MAX_CAPTION_LENGTH }]),
    ...(textFallback === undefined ? [] : [{ field: 'textFallback', text: textFallback, maxLength: MAX_TEXT_LENGTH }]),
  ]
}

function textsOfApproved({ header, body, buttons }: Extract<CampaignMessage, { type: 'template' }>): MessageText[] {
  const at = (field: string, text: string) => ({ field, text, maxLength: MAX_TEXT_LENGTH })
  return [
    ...(header === undefined
      ? []
      : [header.type === 'text' ? at('header.text', header.text) : at('header.link', header.link)]),
    ...(body ?? []).map(({ text }, index) => at(`body.${index}.text`, text)),
    ...(buttons ?? []).map(({ value }, index) => at(`buttons.${index}.value`, value)),
  ]
}
