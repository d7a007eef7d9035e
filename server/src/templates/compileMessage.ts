import type { CampaignMessage, TemplateMessage } from '#contract/campaignMessages.ts'
import type { OutgoingContent, OutgoingTemplate } from '#server/channels/gateways/Gateway.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { TemplateScope } from './recipientScope.ts'
import { compileTemplate, renderTemplate } from './renderTemplate.ts'

/** Makes one recipient's message. Pure: the same scope gives the same content. Throws TEMPLATE_INVALID. */
export type CompiledMessage = (scope: TemplateScope) => OutgoingContent

type Filler = (scope: TemplateScope) => string

/** Parses every text of a message once. Throws TEMPLATE_INVALID whose details name the field within the message. */
export function compileMessage(message: CampaignMessage): CompiledMessage {
  if (message.type === 'template') return compileApproved(message)
  const template = compileAt('content', message.content)
  return (scope) => ({ type: 'text', text: renderTemplate(template, scope) })
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

function compileAt(field: string, text: string) {
  try {
    return compileTemplate(text)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    throw new AppError('TEMPLATE_INVALID', { cause: error, details: { ...(error.details as object), field } })
  }
}
