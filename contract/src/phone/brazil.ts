import { parsePhoneNumberFromString } from 'libphonenumber-js/max'
import type { RejectReason } from '../imports.ts'
import type { DialResult } from './dial.ts'

/** The 67 area codes of Brazil, from ANATEL's numbering plan as libphonenumber's metadata carries it. */
export const AREA = '(?:[14689][1-9]|2[12478]|3[1-578]|5[1345]|7[134579])'
const STARTS_WITH_AREA = new RegExp(`^${AREA}`)
/** Two digits of area code, then a mobile of nine digits or a landline of eight. */
const COMPLETE = new RegExp(`^${AREA}(?:9\\d{8}|[2-5]\\d{7})$`)
/** A mobile written as before 2016, without the ninth digit. */
const MOBILE_OF_EIGHT = new RegExp(`^${AREA}[6-9]\\d{7}$`)

/** As most people write: country code, area code in brackets or not, with trunk 0 or not, the number in two halves. */
const AS_WRITTEN = new RegExp(
  `^(?:\\+?55 )?(?:\\((?:0(?:xx)?)?(${AREA})\\)|(?:0(?:xx)?)?(${AREA})) ?(?:(9\\d{4})|([2-9]\\d{3}))[ .-](\\d{4})$`,
)

/**
 * One Brazilian number in a usual spelling; null for everything else, which only a careful reading tells apart. What it
 * reads, the careful reading reads in the same way, at ten times the cost.
 */
export function dialAsWritten(text: string): DialResult | null {
  const parts = AS_WRITTEN.exec(text)
  if (parts === null) return null
  const [, bracketed, bare, five, four = '', last = ''] = parts
  return dialBrazil(`${bracketed ?? bare ?? ''}${five ?? four}${last}`)
}

/** `11 98765-432`, with or without country code and trunk 0. */
const MOBILE_WITHOUT_LAST = new RegExp(String.raw`^(?:(?:\+|00)?55[\s.-]*)?\(?0?${AREA}\)?[\s.-]*9\d{4}[\s.-]+\d{3}$`)

/**
 * Whether a field is grouped as a mobile of nine digits of which the last is missing. Its digits alone could be a mobile
 * of eight, which is somebody else's.
 */
export function lacksLastDigit(field: string): boolean {
  return MOBILE_WITHOUT_LAST.test(field)
}

/**
 * A Brazilian number from the digits a person dials inside the country, or from what follows `+55`: with or without
 * trunk 0, carrier code (0 15 11 …) or country code. A mobile without its ninth digit gets it; landlines stay.
 */
export function dialBrazil(digits: string): DialResult {
  const national = withoutPrefixes(digits)
  if (COMPLETE.test(national)) return brazilian(national)
  if (MOBILE_OF_EIGHT.test(national)) return brazilian(`${national.slice(0, 2)}9${national.slice(2)}`)
  return nonGeographic(national) ?? { ok: false, reason: reasonOf(national) }
}

function brazilian(national: string): DialResult {
  return { ok: true, e164: `+55${national}`, country: 'BR' }
}

/** Trunk 0, `55`, `55` with the trunk 0 left in. Two more digits before a whole number are carrier or country. */
function withoutPrefixes(digits: string): string {
  if (digits.startsWith('0')) return withoutTwo(digits.slice(1))
  if (digits.startsWith('550')) return withoutTwo(digits.slice(3))
  return digits.startsWith('55') ? withoutTwo(digits) : digits
}

/** Cut only where 10 or 11 digits remain: area 55 is real, too. */
function withoutTwo(digits: string): string {
  return digits.length === 12 || digits.length === 13 ? digits.slice(2) : digits
}

/** 0800, 4004 and their like: real numbers without an area code. */
function nonGeographic(national: string): DialResult | null {
  if (!/^(?:[3589]00|30[03]|4(?:0[02]|37|86))/.test(national)) return null
  const parsed = parsePhoneNumberFromString(`+55${national}`)
  return parsed?.isValid() ? { ok: true, e164: parsed.number, country: 'BR' } : null
}

function reasonOf(national: string): RejectReason {
  if (national.length < 8) return 'TOO_SHORT'
  if (national.length > 11) return 'TOO_LONG'
  if (national.length === 8) return /^[2-9]/.test(national) ? 'MISSING_AREA_CODE' : 'NOT_DIALABLE'
  if (national.length === 9) return national.startsWith('9') ? 'MISSING_AREA_CODE' : 'TOO_SHORT'
  return STARTS_WITH_AREA.test(national) ? 'NOT_DIALABLE' : 'INVALID_AREA_CODE'
}
