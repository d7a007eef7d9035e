import type { Payload } from '../goAnswers.ts'
import type { CloudNumber } from './CloudNumbers.ts'
import type { CloudTemplate } from './cloudSettings.ts'
import type { GraphFault } from './graphAnswers.ts'

const TYPES = ['text', 'template', 'image', 'video', 'audio', 'document'] as const
export type CloudMessageType = (typeof TYPES)[number]

/** A request as far as it could be read, for the ledger; the fault is what Meta would say about it. */
export type CloudMessage = {
  type: CloudMessageType | 'unknown'
  digits: string
  callbackData: string
  fault: GraphFault | null
}

export function readMessage(number: CloudNumber, payload: Payload | null): CloudMessage {
  const callback = payload?.['biz_opaque_callback_data']
  const type = TYPES.find((name) => name === payload?.['type']) ?? 'unknown'
  const digits = dial(number, payload?.['to'])
  const callbackData = typeof callback === 'string' ? callback : ''
  return { type, digits, callbackData, fault: findFault(number, payload, { type, digits, callback }) }
}

/**
 * The number that is dialled. Without a `+` Meta takes it for one of the business's own country, whatever its first
 * digits: the trap that delivers to a stranger.
 */
function dial(number: CloudNumber, to: unknown): string {
  if (typeof to !== 'string' || !/^\+?[\d ().-]{5,40}$/.test(to)) return ''
  const digits = to.replace(/\D/g, '')
  return to.startsWith('+') ? digits : `${number.displayPhoneNumber.replace(/\D/g, '').slice(0, 2)}${digits}`
}

type Read = { type: CloudMessageType | 'unknown'; digits: string; callback: unknown }

function findFault(number: CloudNumber, payload: Payload | null, { type, digits, callback }: Read): GraphFault | null {
  if (payload === null) return { code: 100, details: 'The body is no JSON object.' }
  if (payload['messaging_product'] !== 'whatsapp')
    return { code: 100, details: 'The parameter messaging_product is required.' }
  if (payload['recipient_type'] !== undefined && payload['recipient_type'] !== 'individual')
    return { code: 100, details: 'recipient_type' }
  if (payload['to'] === undefined) return { code: 131008, details: 'The parameter to is required.' }
  if (digits === '') return { code: 131009, details: 'The parameter to is not valid.' }
  if (callback !== undefined && (typeof callback !== 'string' || callback.length > 512))
    return { code: 100, details: 'biz_opaque_callback_data' }
  const content = payload[type]
  if (type === 'unknown' || !isObject(content)) return { code: 131009, details: 'The parameter type is not valid.' }
  if (type === 'text') return findTextFault(content)
  return type === 'template' ? findTemplateFault(number, content) : findMediumFault(number, type, content)
}

function findTextFault({ body }: Payload): GraphFault | null {
  if (typeof body !== 'string' || body === '') return { code: 131008, details: 'The parameter text.body is required.' }
  return [...body].length > 4096 ? { code: 100, details: 'The text is longer than 4096 characters.' } : null
}

function findMediumFault(
  number: CloudNumber,
  type: string,
  { id, link, caption, filename }: Payload,
): GraphFault | null {
  if (typeof link === 'string' && /^https?:\/\//.test(link)) return null
  const medium = typeof id === 'string' ? number.media.get(id) : undefined
  if (medium === undefined) return { code: 131009, details: `The parameter ${type}.id is not valid.` }
  if (caption !== undefined && (type === 'audio' || typeof caption !== 'string' || caption.length > 1024))
    return { code: 100, details: 'caption' }
  return filename !== undefined && type !== 'document' ? { code: 100, details: 'filename' } : null
}

/** Once a list of templates is registered, a send must fit one of them. */
function findTemplateFault(number: CloudNumber, { name, language, components }: Payload): GraphFault | null {
  const code = isObject(language) ? language['code'] : undefined
  if (typeof name !== 'string' || typeof code !== 'string')
    return { code: 131008, details: 'template.name, template.language.code' }
  const parts = Array.isArray(components) ? components.filter(isObject) : []
  const values = parts.flatMap(({ parameters }) => (Array.isArray(parameters) ? parameters.filter(isObject) : []))
  if (values.some(({ text }) => typeof text === 'string' && /[\n\t]| {5}/.test(text)))
    return { code: 132018, details: 'new-line, tab or spaces' }
  if (number.templates.length === 0) return findHeaderFault(number, parts, null)
  const template = number.templates.find((candidate) => candidate.name === name && candidate.language === code)
  if (template === undefined) return { code: 132001 }
  if (template.status === 'PAUSED') return { code: 132015 }
  if (template.status === 'DISABLED') return { code: 132016 }
  if (template.status !== 'APPROVED') return { code: 132001 }
  return findParameterFault(template, parts) ?? findHeaderFault(number, parts, template)
}

function findParameterFault(template: CloudTemplate, parts: Payload[]): GraphFault | null {
  const body = parts.find(({ type }) => type === 'body')?.['parameters']
  const given = Array.isArray(body) ? body.filter(isObject) : []
  const wanted = [...new Set([...template.body.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, variable]) => variable))]
  if (given.length !== wanted.length) return { code: 132000, details: `body: ${given.length} of ${wanted.length}` }
  const fits =
    template.parameterFormat === 'NAMED'
      ? wanted.every((name) => given.some((one) => one['parameter_name'] === name))
      : given.every((one) => one['parameter_name'] === undefined)
  return fits ? null : { code: 132012, details: 'parameter_name' }
}

function findHeaderFault(number: CloudNumber, parts: Payload[], template: CloudTemplate | null): GraphFault | null {
  const parameters = parts.find(({ type }) => type === 'header')?.['parameters']
  const first: unknown = Array.isArray(parameters) ? parameters[0] : undefined
  const type = isObject(first) && typeof first['type'] === 'string' ? first['type'] : null
  const wanted = template?.headerFormat?.toLowerCase() ?? null
  if (wanted !== null && wanted !== 'text' && type !== wanted) return { code: 132012, details: 'header' }
  if (!isObject(first) || type === null || type === 'text') return null
  const medium = first[type]
  return isObject(medium) ? findMediumFault(number, type, medium) : { code: 132012, details: 'header' }
}

function isObject(value: unknown): value is Payload {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
