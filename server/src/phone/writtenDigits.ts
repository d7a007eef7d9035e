import { parsePhoneNumberFromString } from 'libphonenumber-js/max'

/**
 * The digits that stand in every way of writing a number (E.164), with or without country code: to find it inside a
 * text. A Brazilian mobile is written with and without its ninth digit.
 */
export function writtenDigits(e164: string): string[] {
  const national = parsePhoneNumberFromString(e164)?.nationalNumber ?? e164.slice(1)
  const isBrazilianMobile = e164.startsWith('+55') && /^\d\d9\d{8}$/.test(national)
  return isBrazilianMobile ? [national, national.slice(0, 2) + national.slice(3)] : [national]
}
