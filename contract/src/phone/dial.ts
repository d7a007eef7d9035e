import {
  getCountryCallingCode,
  isSupportedCountry,
  parsePhoneNumberFromString,
  validatePhoneNumberLength,
  type CountryCode,
} from 'libphonenumber-js/max'
import type { RejectReason } from '../imports.ts'
import { dialBrazil } from './brazil.ts'

export type DialResult = { ok: true; e164: string; country: string | null } | { ok: false; reason: RejectReason }

/** ITU-T E.164: at most 15 digits with the country code; what people dial before it adds a few. */
const MAX_DIALLED_DIGITS = 22

/**
 * The one number that these digits mean, or why there is none. `international`: the digits begin with a country
 * code. Otherwise they are read as dialled inside `defaultCountry`; they never become a number of another country,
 * except after that country's way of dialling abroad (`00`, `011` …).
 */
export function dial(digits: string, international: boolean, defaultCountry: string): DialResult {
  if (/^0+$/.test(digits)) return { ok: false, reason: 'NOT_A_NUMBER' }
  if (digits.length > MAX_DIALLED_DIGITS) return { ok: false, reason: 'TOO_LONG' }
  if (digits.startsWith('00')) return dialInternational(digits.slice(2))
  return international ? dialInternational(digits) : dialNational(digits, defaultCountry)
}

function dialInternational(digits: string): DialResult {
  if (digits.startsWith('55')) return dialBrazil(digits.slice(2))
  const current = digits.startsWith('521') && digits.length === 13 ? `52${digits.slice(3)}` : digits
  const parsed = parsePhoneNumberFromString(`+${current}`)
  if (parsed?.isValid()) return { ok: true, e164: parsed.number, country: parsed.country ?? null }
  return { ok: false, reason: reasonOf(`+${current}`) }
}

function dialNational(digits: string, country: string): DialResult {
  if (country === 'BR') return dialBrazil(digits)
  if (!isSupportedCountry(country)) return { ok: false, reason: 'UNKNOWN_COUNTRY' }
  const national = country === 'MX' ? withoutMexicanPrefixes(digits) : digits
  const parsed = parsePhoneNumberFromString(national, country)
  if (parsed?.isValid() && (parsed.countryCallingCode === callingCode(country) || dialsAbroad(digits, country))) {
    return { ok: true, e164: parsed.number, country: parsed.country ?? null }
  }
  return { ok: false, reason: reasonOf(national, country) }
}

/** Until 2019 Mexico dialled 1, 01, 044 and 045 before its ten digits; lists are full of them. */
function withoutMexicanPrefixes(digits: string): string {
  return digits.replace(/^(?:52)?(?:1|01|04[45])(?=\d{10}$)/, '')
}

/** How countries without `00` dial abroad: North America 011, Australia 0011, Japan 010, Russia and neighbours 810. */
function dialsAbroad(digits: string, country: string): boolean {
  if (callingCode(country) === '1') return digits.startsWith('011')
  if (country === 'AU') return digits.startsWith('0011')
  if (country === 'JP') return digits.startsWith('010')
  return callingCode(country) === '7' && digits.startsWith('810')
}

/** `55`; null for what is no country. */
export function callingCode(country: string): string | null {
  return isSupportedCountry(country) ? getCountryCallingCode(country as CountryCode) : null
}

function reasonOf(number: string, country?: string): RejectReason {
  switch (validatePhoneNumberLength(number, country as CountryCode | undefined)) {
    case 'TOO_SHORT':
      return 'TOO_SHORT'
    case 'TOO_LONG':
      return 'TOO_LONG'
    case 'INVALID_COUNTRY':
      return 'UNKNOWN_COUNTRY'
    default:
      return 'NOT_DIALABLE'
  }
}
