import type { Language } from '#contract/timeRemaining.ts'
import { LOCALES } from './i18n.ts'

/** Those of Brazil and its neighbours come first: nobody should look for them among four hundred. */
const FIRST = [
  'America/Sao_Paulo',
  'America/Manaus',
  'America/Cuiaba',
  'America/Fortaleza',
  'America/Recife',
  'America/Bahia',
  'America/Belem',
  'America/Porto_Velho',
  'America/Rio_Branco',
  'America/Noronha',
  'America/Argentina/Buenos_Aires',
  'America/Montevideo',
  'Europe/Lisbon',
]

/** The names of zones are in ASCII; these are read in Portuguese every day. */
const ACCENTS: Record<string, string> = {
  Sao_Paulo: 'São Paulo',
  Cuiaba: 'Cuiabá',
  Belem: 'Belém',
  Maceio: 'Maceió',
  Araguaina: 'Araguaína',
  Santarem: 'Santarém',
  Eirunepe: 'Eirunepé',
  Noronha: 'Fernando de Noronha',
}

/** Time zones by name, those given and the nearest ones first. */
export function timeZones(given: readonly string[]): { first: string[]; others: string[] } {
  const first = [...new Set([...given.filter((zone) => zone !== ''), ...FIRST])]
  return { first, others: Intl.supportedValuesOf('timeZone').filter((zone) => !first.includes(zone)) }
}

/** The zone of this device. */
export function deviceTimeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** `São Paulo` for `America/Sao_Paulo`. */
export function cityOf(timeZone: string): string {
  const name = timeZone.split('/').at(-1) ?? timeZone
  return ACCENTS[name] ?? name.replaceAll('_', ' ')
}

/** A day and a time as a clock in that zone shows it, in the reader's habits. */
export function instantIn(language: Language, iso: string, timeZone: string): string {
  const format = new Intl.DateTimeFormat(LOCALES[language], { dateStyle: 'medium', timeStyle: 'short', timeZone })
  return format.format(new Date(iso))
}
