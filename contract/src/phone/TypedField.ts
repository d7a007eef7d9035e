import { normalizePhoneInput } from './normalizePhoneInput.ts'

/** A field as somebody typed it, prepared for reading it another way. */
export type TypedField = {
  /** See `plainText`. */
  plain: string
  /** Its digits, where nothing but one number in any punctuation stands there; else null. */
  digits: string | null
  /** Where numbers without a country code are at home. */
  country: string
}

/** Room for three numbers with their country codes. */
const MAX_DIGITS = 48

/** The digits of `Tel: (11) 98765-4321`; null where more than a label and one number stand there. */
export function digitsOf(plain: string): string | null {
  const number = plain.replace(/^\p{L}[\p{L} .]{0,20}:\s*/u, '')
  if (!/^[\d\s()+.-]*$/.test(number)) return null
  const digits = number.replace(/\D/g, '')
  return digits === '' || digits.length > MAX_DIGITS ? null : digits
}

/** The number that the whole text is, as one item; empty where it is none, or more than one. */
export function readWhole(text: string, country: string): string[] {
  const read = normalizePhoneInput(text, country)
  return read.ok && read.warnings.length === 0 && read.others.length === 0 ? [read.e164] : []
}
