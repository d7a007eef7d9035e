import { plainName } from '#contract/plainName.ts'

/** Not names that a template can write: the instant that `"now"` means, and the zone in which dates are shown. */
export const RENDERED_AT = Symbol('renderedAt')
export const TIME_ZONE = Symbol('timeZone')

/** What a text can speak of: the recipient's own variables and those of every campaign. */
export type TemplateScope = Record<string, string> & { [RENDERED_AT]?: Date; [TIME_ZONE]?: string }

/** Variables that every recipient has, whatever was copied for them. */
export const ALWAYS_THERE: ReadonlySet<string> = new Set(['telefone', 'data', 'saudacao'])

/** Columns that stand in for `empresa` where a file calls it so; the first that is there. */
export const COMPANY_COLUMNS = ['empresa', 'company', 'organizacao', 'razao_social']

/**
 * The variables of one recipient: every column under its header as written and in a plain form (`Código Postal` →
 * `codigo_postal`), and those that every campaign has: nome, primeiro_nome, telefone, data, saudacao, empresa. Date and
 * greeting come from `renderedAt` in `timeZone` (IANA), so that a resend says the same.
 */
export function recipientScope(recipient: {
  phone: string
  name: string | null
  variables: Record<string, string>
  renderedAt: Date
  timeZone: string
}): TemplateScope {
  // Without a prototype: a column named `__proto__` or `constructor` is a name like any other.
  const scope: TemplateScope = Object.create(null) as TemplateScope
  for (const [header, value] of Object.entries(recipient.variables)) {
    scope[header] = value
    scope[knownPlainName(header)] = value
  }
  const { renderedAt, timeZone } = recipient
  const clock = clockOf(timeZone)
  const name = recipient.name ?? ''
  scope['nome'] = name
  scope['primeiro_nome'] = name.trim().split(/\s/, 1)[0] ?? ''
  scope['telefone'] = recipient.phone
  scope['empresa'] = COMPANY_COLUMNS.map((column) => scope[column]).find(Boolean) ?? ''
  scope['data'] = clock.date.format(renderedAt)
  scope['saudacao'] = greetingAt(Number(clock.hour.format(renderedAt)))
  scope[RENDERED_AT] = renderedAt
  scope[TIME_ZONE] = timeZone
  return scope
}

type Clock = { date: Intl.DateTimeFormat; hour: Intl.DateTimeFormat }
// Making one takes longer than a hundred messages. There are some 600 names of zones.
const clocks = new Map<string, Clock>()

function clockOf(timeZone: string): Clock {
  const known = clocks.get(timeZone)
  if (known !== undefined) return known
  const clock = {
    date: new Intl.DateTimeFormat('pt-BR', { timeZone, dateStyle: 'short' }),
    hour: new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', hourCycle: 'h23' }),
  }
  if (clocks.size >= MAX_KNOWN_NAMES) clocks.clear()
  clocks.set(timeZone, clock)
  return clock
}

// Headers repeat for every recipient of a campaign; the bound keeps hostile files from filling the memory.
const MAX_KNOWN_NAMES = 5000
const knownNames = new Map<string, string>()

/** `plainName`, worked out once for each of the headers that come again and again. */
export function knownPlainName(header: string): string {
  const known = knownNames.get(header)
  if (known !== undefined) return known
  if (knownNames.size >= MAX_KNOWN_NAMES) knownNames.clear()
  const name = plainName(header)
  knownNames.set(header, name)
  return name
}

function greetingAt(hour: number): string {
  if (hour >= 5 && hour < 12) return 'Bom dia'
  return hour >= 12 && hour < 18 ? 'Boa tarde' : 'Boa noite'
}
