import type { MediaKind, OutgoingContent, OutgoingMessage, OutgoingTemplate, TemplateParameter } from './Gateway.ts'

/** Where Meta finds a medium: bytes have been uploaded by now. */
export type MediaReference = { id: string } | { link: string }
/** The reference of one medium of the message, which is the same object that the content holds. */
export type FindReference = (medium: object) => MediaReference

/**
 * The JSON of one send. The same message gives the same bytes. `to` is E.164 digits: they go out with `+`, because
 * without it Meta may put the business's own country code before them and write to a stranger.
 */
export function renderCloudSend({ id, to, content }: OutgoingMessage, referenceOf: FindReference): string {
  return JSON.stringify({
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: `+${to}`,
    type: content.type,
    [content.type]: renderContent(content, referenceOf),
    biz_opaque_callback_data: id,
  })
}

function renderContent(content: OutgoingContent, referenceOf: FindReference): unknown {
  if (content.type === 'text') return { body: content.text, preview_url: false }
  if (content.type === 'template') return renderTemplate(content, referenceOf)
  return renderMedium(content, referenceOf(content))
}

type Medium = { type: MediaKind; caption?: string; fileName?: string; mimeType?: string }

/** Audio takes no caption, and only documents have a name. */
function renderMedium({ type, caption, fileName, mimeType }: Medium, reference: MediaReference): unknown {
  if (type === 'audio') return isVoiceNote(mimeType) ? { ...reference, voice: true } : reference
  return {
    ...reference,
    ...(type === 'document' ? { filename: fileName ?? 'document' } : {}),
    ...(caption === undefined ? {} : { caption }),
  }
}

/** Only Opus in Ogg plays as a voice note. */
function isVoiceNote(mimeType: string | undefined): boolean {
  return /^audio\/ogg\b/i.test(mimeType ?? '')
}

function renderTemplate(
  { name, language, header, body, buttons }: OutgoingTemplate,
  referenceOf: FindReference,
): unknown {
  const components = [
    ...(header === undefined ? [] : [{ type: 'header', parameters: [renderHeader(header, referenceOf)] }]),
    ...(body === undefined || body.length === 0 ? [] : [{ type: 'body', parameters: body.map(renderParameter) }]),
    ...(buttons ?? []).map(renderButton),
  ]
  // In webhooks the language may come with a hyphen; the sending side knows underscores only.
  const code = language.replaceAll('-', '_')
  return { name, language: { code }, ...(components.length === 0 ? {} : { components }) }
}

function renderHeader(header: NonNullable<OutgoingTemplate['header']>, referenceOf: FindReference): unknown {
  if (header.type === 'text') return renderParameter(header)
  const name = header.type === 'document' && header.fileName !== undefined ? { filename: header.fileName } : {}
  return { type: header.type, [header.type]: { ...referenceOf(header), ...name } }
}

function renderParameter({ text, name }: TemplateParameter): unknown {
  return { type: 'text', ...(name === undefined ? {} : { parameter_name: name }), text: toOneLine(text) }
}

/** Meta refuses values with line breaks, tabs or more than four spaces in a row, and with them the whole message. */
function toOneLine(text: string): string {
  return text.replace(/\s*[\n\r\t\v\f\u0085\u2028\u2029]\s*/g, ' ').replace(/ {5,}/g, ' '.repeat(4))
}

type Button = NonNullable<OutgoingTemplate['buttons']>[number]

function renderButton({ kind, index, value }: Button): unknown {
  const button = (subType: string, parameter: Record<string, string>) => ({
    type: 'button',
    sub_type: subType,
    index: String(index),
    parameters: [parameter],
  })
  switch (kind) {
    case 'url':
      return button('url', { type: 'text', text: value })
    case 'quickReply':
      return button('quick_reply', { type: 'payload', payload: value })
    case 'copyCode':
      return button('copy_code', { type: 'coupon_code', coupon_code: value })
  }
}
