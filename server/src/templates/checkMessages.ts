import type { CampaignMessage, TemplateMessage } from '#contract/campaignMessages.ts'
import type { ChannelRow } from '#server/channels/channelTables.ts'
import { AppError } from '#server/lib/AppError.ts'
import { compileFallback, compileMessage } from './compileMessage.ts'

/** Every text must be a template that can be rendered. Throws TEMPLATE_INVALID that names the field. */
export function checkTexts(messages: CampaignMessage[], fieldOf = fieldOfStep): void {
  for (const [index, message] of messages.entries()) {
    try {
      compileMessage(message)
      compileFallback(message)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      const { message: reason, field = '' } = (error.details ?? {}) as { message?: string; field?: string }
      const details = [{ field: `${fieldOf(index)}.${field}`, message: reason }]
      throw new AppError('TEMPLATE_INVALID', { cause: error, details })
    }
  }
}

/**
 * Approved templates exist on the Cloud API alone. There everything else may be tried too: whether the 24 hours since
 * somebody wrote are over, only Meta knows.
 */
export function checkMessages(
  channel: Pick<ChannelRow, 'gateway'>,
  messages: CampaignMessage[],
  fieldOf = fieldOfStep,
): void {
  for (const [index, message] of messages.entries()) {
    if (message.type !== 'template') continue
    const field = fieldOf(index)
    if (channel.gateway !== 'cloud') throw refuse(`${field}.type`, `A channel on ${channel.gateway} has no templates.`)
    checkNames(field, message)
    checkButtons(field, message)
  }
}

/** A template has named parameters or counted ones. */
function checkNames(field: string, { body = [] }: TemplateMessage): void {
  const names = body.flatMap(({ name }) => name ?? [])
  if (names.length > 0 && names.length < body.length) throw refuse(`${field}.body`, 'Name all parameters or none.')
  if (new Set(names).size < names.length) throw refuse(`${field}.body`, 'Two parameters have the same name.')
}

const MOST_BUTTONS = { url: 2, quickReply: 10, copyCode: 1 }

function checkButtons(field: string, { buttons = [] }: TemplateMessage): void {
  const places = new Set(buttons.map(({ index }) => index))
  if (places.size < buttons.length) throw refuse(`${field}.buttons`, 'Two buttons have the same index.')
  for (const [kind, most] of Object.entries(MOST_BUTTONS)) {
    const count = buttons.filter((button) => button.kind === kind).length
    if (count > most) throw refuse(`${field}.buttons`, `A template has at most ${most} buttons of kind ${kind}.`)
  }
}

/** Where the message of a step stands in a body. */
export function fieldOfStep(index: number): string {
  return `messages.${index}`
}

function refuse(field: string, message: string): AppError {
  return new AppError('UNPROCESSABLE', { details: [{ field, message }] })
}
