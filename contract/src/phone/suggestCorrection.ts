import type { Confidence, PhoneSuggestion } from '../phones.ts'
import { normalizePhoneInput, type NormalizedPhone } from './normalizePhoneInput.ts'
import { plainText } from './plainText.ts'
import { REPAIRS } from './repairs.ts'
import { digitsOf, readWhole, type TypedField } from './TypedField.ts'

/** Nobody types a number at such length; what is longer is a text, in which every guess would be wild. */
const MAX_TYPED_LENGTH = 200
/** Digits of a shorthand: `219888888 / 9`, `/ 89`, `/ 888889`. */
const SHORTHAND = /^\d{1,6}$/

/**
 * The number that a field most likely means, and what had to be put right for it; null where nothing is wrong with it, or
 * nothing is likely. Digits are left out, letters are read as the digits they look like, and Brazil's ninth is put in; no
 * other digit is ever invented, least of all an area code. A suggestion normalises to itself. Never throws; work is linear
 * in the text and bounded.
 */
export function suggestCorrection(text: string, country: string): PhoneSuggestion | null {
  const read = normalizePhoneInput(text, country)
  const plain = plainText(text).trim()
  if (read.ok) return explain(read, plain, country)
  if (plain.length > MAX_TYPED_LENGTH) return null
  const field: TypedField = { plain, digits: digitsOf(plain), country }
  for (const { reason, repair } of REPAIRS) {
    const found = repair(field)
    if (found !== null) return { phone: found.phone, reason, confidence: found.confidence, others: found.others ?? [] }
  }
  return null
}

type Read = NormalizedPhone & { ok: true }

/** What was done to a field that could be read, where a person should have a look at it. */
function explain(read: Read, plain: string, country: string): PhoneSuggestion | null {
  const suggest = (
    reason: PhoneSuggestion['reason'],
    confidence: Confidence,
    others: string[] = [],
  ): PhoneSuggestion => ({ phone: read.e164, reason, confidence, others })
  const others = offered(read, country)
  if (read.warnings.includes('SEVERAL_NUMBERS')) return suggest('SEVERAL_NUMBERS', 'medium', others)
  if (read.warnings.includes('SHORTHAND_NUMBER')) return suggest('SHORTHAND_NUMBER', 'high', others)
  const reason = brazilianChange(read.e164, digitsOf(plain))
  if (reason === null) return null
  return suggest(reason, 'high')
}

/** The other numbers that the field holds, a shorthand written out. */
function offered({ e164, others }: Read, country: string): string[] {
  const numbers = others.flatMap((other) =>
    SHORTHAND.test(other) ? readWhole(e164.slice(0, -other.length) + other, country) : readWhole(other, country),
  )
  return [...new Set(numbers)].filter((phone) => phone !== e164)
}

function brazilianChange(e164: string, typed: string | null): PhoneSuggestion['reason'] | null {
  if (typed === null || !e164.startsWith('+55')) return null
  const national = e164.slice(3)
  if (!typed.endsWith(national)) return 'NINTH_DIGIT_ADDED'
  const before = typed.slice(0, -national.length)
  if (/^(?:00)?(?:55)?0\d\d$/.test(before) && !/^(?:0055|055)$/.test(before)) return 'CARRIER_CODE'
  return /^(?:00)?550$/.test(before) ? 'TRUNK_ZERO' : null
}
