import {
  MAX_CAPTION_LENGTH,
  MAX_TEXT_LENGTH,
  type CampaignMessage,
  type MediumMessage,
  type TemplateMessage,
} from '#contract/campaignMessages.ts'
import type { OutgoingContent, OutgoingTemplate } from '#server/channels/gateways/Gateway.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { TemplateScope } from './recipientScope.ts'
import { compileTemplate, refuseTooLong, renderTemplate } from './renderTemplate.ts'

/** A file of the account, ready to be sent. The same object for everybody who gets it. */
export type OutgoingMedium = { bytes: Uint8Array; mimeType: string; fileName: string }

/**
 * Makes one recipient's message. Pure: the same scope and file give the same content. `medium`: where the message has
 * one. Throws TEMPLATE_INVALID.
 */
export type CompiledMessage = (scope: TemplateScope, medium?: OutgoingMedium) => OutgoingContent

type Filler = (scope: TemplateScope) => string

/** Parses every text of a message once. Throws TEMPLATE_INVALID whose details name the field within the message. */
export function compileMessage(message: CampaignMessage): CompiledMessage {
  if (message.type === 'template') return compileApproved(message)
  if (message.type === 'text') return compileText('content', message.content)
  return compileMedium(message)
}

/** What goes instead of a file that cannot be sent; null where nothing shall. Throws TEMPLATE_INVALID. */
export function compileFallback(message: CampaignMessage): CompiledMessage | null {
  if (!('textFallback' in message) || message.textFallback === undefined) return null
  return compileText('textFallback', message.textFallback)
}

function compileText(field: string, text: string): CompiledMessage {
  const template = compileAt(field, text, MAX_TEXT_LENGTH)
  return (scope) => ({ type: 'text', text: renderTemplate(template, scope) })
}

/** A caption that comes out empty is none. */
function compileMedium(message: MediumMessage): CompiledMessage {
  const { type } = message
  const template =
    type === 'audio' || message.content === undefined ? null : compileAt('content', message.content, MAX_CAPTION_LENGTH)
  const givenName = type === 'document' ? message.fileName : undefined
  return (scope, medium) => {
    if (medium === undefined) throw new TypeError('This message has a file, and none was handed in.')
    const caption = template === null ? '' : renderTemplate(template, scope, MAX_CAPTION_LENGTH)
    return {
      type,
      bytes: medium.bytes,
      mimeType: medium.mimeType,
      ...(type === 'document' ? { fileName: givenName ?? medium.fileName } : {}),
      ...(caption.trim() === '' ? {} : { caption }),
    }
  }
}

/** Meta refuses the whole message for one empty parameter, so such a one is not even tried. */
function compileApproved({ name, language, header, body, buttons }: TemplateMessage): CompiledMessage {
  const head = header && compileHeader(header)
  const values = body?.map((parameter, index) => ({
    ...(parameter.name === undefined ? {} : { name: parameter.name }),
    fill: fillerOf(`body.${index}.text`, parameter.text),
  }))
  const keys = buttons?.map((button, index) => ({ ...button, fill: fillerOf(`buttons.${index}.value`, button.value) }))
  return (scope) => ({
    type: 'template',
    name,
    language,
    ...(head === undefined ? {} : { header: head(scope) }),
    ...(values && {
      body: values.map(({ fill, ...named }) => ({ type: 'text' as const, text: fill(scope), ...named })),
    }),
    ...(keys && { buttons: keys.map(({ kind, index, fill }) => ({ kind, index, value: fill(scope) })) }),
  })
}

function compileHeader(header: NonNullable<TemplateMessage['header']>) {
  type Header = NonNullable<OutgoingTemplate['header']>
  if (header.type !== 'text') {
    const { link, ...rest } = header
    const fill = fillerOf('header.link', link)
    return (scope: TemplateScope): Header => ({ ...rest, link: fill(scope) })
  }
  const { text, ...rest } = header
  const fill = fillerOf('header.text', text)
  return (scope: TemplateScope): Header => ({ ...rest, text: fill(scope) })
}

function fillerOf(field: string, text: string): Filler {
  const template = compileAt(field, text)
  return (scope) => {
    const value = renderTemplate(template, scope)
    if (value.trim() !== '') return value
    throw new AppError('TEMPLATE_INVALID', { details: { field, message: `The parameter ${field} is empty.` } })
  }
}

function compileAt(field: string, text: string, maxLength: number = MAX_TEXT_LENGTH) {
  try {
    const template = compileTemplate(text)
    refuseTooLong(template, maxLength)
    return template
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    throw new AppError('TEMPLATE_INVALID', { cause: error, details: { ...(error.details as object), field } })
  }
}
