/** The zone in which messages speak of date and time. */
export const TIME_ZONE = 'America/Sao_Paulo'

/** Not a name that a template can write: the instant that `"now"` means. */
export const RENDERED_AT = Symbol('renderedAt')

/** What a text can speak of: the recipient's own variables and those of every campaign. */
export type TemplateScope = Record<string, string> & { [RENDERED_AT]?: Date }

const dateFormat = new Intl.DateTimeFormat('pt-BR', { timeZone: TIME_ZONE, dateStyle: 'short' })
const hourFormat = new Intl.DateTimeFormat('en-GB', { timeZone: TIME_ZONE, hour: '2-digit', hourCycle: 'h23' })

/**
 * The variables of one recipient: every column under its header as written and in a plain form (`Código Postal` →
 * `codigo_postal`), and those that every campaign has: nome, telefone, data, saudacao, primeiro_nome. Date and greeting
 * come from `renderedAt`, so that a resend says the same.
 */
export function recipientScope(recipient: {
  phone: string
  name: string | null
  variables: Record<string, string>
  renderedAt: Date
}): TemplateScope {
  // Without a prototype: a column named `__proto__` or `constructor` is a name like any other.
  const scope: TemplateScope = Object.create(null) as TemplateScope
  for (const [header, value] of Object.entries(recipient.variables)) {
    scope[header] = value
    scope[plainName(header)] = value
  }
  const name = recipient.name ?? ''
  scope['nome'] = name
  scope['primeiro_nome'] = name.trim().split(/\s/, 1)[0] ?? ''
  scope['telefone'] = recipient.phone
  scope['data'] = dateFormat.format(recipient.renderedAt)
  scope[RENDERED_AT] = recipient.renderedAt
  scope['saudacao'] = greetingAt(Number(hourFormat.format(recipient.renderedAt)))
  return scope
}

// Headers repeat for every recipient of a campaign; the bound keeps hostile files from filling the memory.
const MAX_KNOWN_NAMES = 5000
const knownNames = new Map<string, string>()

/** Lower case, without accents, everything else an underscore: a name that a template can write without brackets. */
export function plainName(header: string): string {
  const known = knownNames.get(header)
  if (known !== undefined) return known
  if (knownNames.size >= MAX_KNOWN_NAMES) knownNames.clear()
  const name = toPlainName(header)
  knownNames.set(header, name)
  return name
}

function toPlainName(header: string): string {
  return header
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '')
}

function greetingAt(hour: number): string {
  if (hour >= 5 && hour < 12) return 'Bom dia'
  return hour >= 12 && hour < 18 ? 'Boa tarde' : 'Boa noite'
}
