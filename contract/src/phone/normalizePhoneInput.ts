import { isSupportedCountry } from 'libphonenumber-js/max'
import type { RejectReason, WarningReason } from '../imports.ts'
import { dialAsWritten, lacksLastDigit } from './brazil.ts'
import { dial, type DialResult } from './dial.ts'
import { readNumbers, type FieldNumber } from './fieldNumbers.ts'
import { MAX_FIELD_LENGTH, plainText } from './plainText.ts'

export type NormalizedPhone =
  | {
      ok: true
      /** `+5511987654321` */
      e164: string
      /** ISO 3166-1; null for numbers of no country (satellite, freephone worldwide). */
      country: string | null
      warnings: WarningReason[]
      /** Further numbers in the field: E.164 where dialable, else as they stood there. */
      others: string[]
    }
  | { ok: false; reason: RejectReason }

const MAX_OTHERS = 20

/** Whether numbers can belong to this country (ISO 3166-1, two letters). */
export function isCountry(code: string): boolean {
  return isSupportedCountry(code)
}

/**
 * The one number that a field as people type it means, in E.164, or why there is none. `defaultCountry` (ISO 3166-1)
 * is where numbers without a country code are at home. Of several numbers it takes the first that can be dialled and
 * lists the rest; no digit is ever guessed, except Brazil's ninth and Mexico's former 1, which follow from the rest.
 * Normalising a result gives the same result. Never throws; work is linear in the text and bounded.
 */
export function normalizePhoneInput(text: string, defaultCountry: string): NormalizedPhone {
  if (/^\+?\d{8,15}$/.test(text)) return fromDial(dialDigits(text, defaultCountry))
  const usual = defaultCountry === 'BR' ? dialAsWritten(text) : null
  return usual?.ok ? fromDial(usual) : readCarefully(text, defaultCountry)
}

/** The same for any text, also where a shorter way would do. */
export function readCarefully(text: string, defaultCountry: string): NormalizedPhone {
  const plain = plainText(text).trim()
  if (/^[^\p{L}\d]*$/u.test(plain)) return { ok: false, reason: 'EMPTY' }
  const whole = wholeField(plain, defaultCountry)
  return whole ?? severalOf(withoutScheme(plain), defaultCountry, text.length > MAX_FIELD_LENGTH)
}

function dialDigits(text: string, country: string): DialResult {
  return text.startsWith('+') ? dial(text.slice(1), true, country) : dial(text, false, country)
}

function fromDial(result: DialResult): NormalizedPhone {
  return result.ok ? { ...result, warnings: [], others: [] } : result
}

/** Forms that are one number by definition: a JID, a wa.me link, a number that a spreadsheet made a decimal. */
function wholeField(plain: string, country: string): NormalizedPhone | null {
  const jid = /^\+?(\d{5,20})(?:[.:_]\d{1,5}){0,2}@(?:s\.whatsapp\.net|c\.us)$/i.exec(plain)
  if (jid?.[1] !== undefined) return fromDial(dial(jid[1], true, country))
  if (/@(?:g\.us|lid|broadcast|newsletter)\b/i.test(plain)) return { ok: false, reason: 'NOT_A_NUMBER' }
  const linked = linkedDigits(plain)
  if (linked !== null) return fromLink(linked, country)
  if (lacksLastDigit(plain) && (country === 'BR' || /^(?:\+|00)/.test(plain))) return { ok: false, reason: 'TOO_SHORT' }
  const decimal = /^(\+?\d{8,15})[.,]0{1,2}$/.exec(plain)
  return decimal?.[1] === undefined ? null : fromDial(dialDigits(decimal[1], country))
}

/** `https://wa.me/5511…`, `api.whatsapp.com/send?phone=55 11 …&text=…`: what stands where the number belongs. */
function linkedDigits(plain: string): string | null {
  const link =
    /(?:\bwa\.me\/|whatsapp(?:\.com\/|:\/\/)send\/?\?(?:[\w%+=-]{0,200}&)?phone=)((?:\+|%2b)?[\d %().+-]{0,40})/i.exec(
      plain,
    )
  return link === null
    ? null
    : (link[1] ?? '')
        .replace(/%2b/gi, '+')
        .replace(/%20|%28|%29/g, ' ')
        .replace(/\D/g, '')
}

/** Links carry the country code; many people forget it. */
function fromLink(digits: string, country: string): NormalizedPhone {
  if (digits === '') return { ok: false, reason: 'NOT_A_NUMBER' }
  const international = dial(digits, true, country)
  return fromDial(international.ok ? international : dial(digits, false, country))
}

function withoutScheme(plain: string): string {
  return plain.replace(/^(?:tel|callto|sms|whatsapp):/i, '')
}

/** `2,2E+08`: the digits behind the exponent are lost, whatever the rest looks like. */
const EXPONENT = /(?<![\d.,])[+-]?\d{1,3}(?:[.,]\d{1,17})?e[+-]?\d{1,3}(?![\d\p{L}])/giu

function severalOf(plain: string, country: string, isCut: boolean): NormalizedPhone {
  const withoutExponents = plain.replace(EXPONENT, ' ; ')
  const { numbers, hasText } = readNumbers(withoutExponents, country)
  const first = numbers.find((number) => number.kind === 'dialable')
  if (first?.kind === 'dialable') return firstOf(first, numbers, hasText || isCut || withoutExponents !== plain)
  if (withoutExponents !== plain) return { ok: false, reason: 'EXCEL_EXPONENT' }
  return { ok: false, reason: worstOf(numbers) }
}

type Dialable = FieldNumber & { kind: 'dialable' }

function firstOf(first: Dialable, numbers: FieldNumber[], hasText: boolean): NormalizedPhone {
  const rest = numbers.filter((number) => number.kind !== 'dialable' || number.e164 !== first.e164)
  const warnings: WarningReason[] = []
  if (rest.some((number) => number.kind === 'dialable' || number.kind === 'undialable'))
    warnings.push('SEVERAL_NUMBERS')
  if (rest.some((number) => number.kind === 'shorthand')) warnings.push('SHORTHAND_NUMBER')
  if (hasText || rest.some((number) => number.kind === 'text')) warnings.push('TEXT_IGNORED')
  const others = rest
    .filter((number) => number.kind !== 'text')
    .map((number) => (number.kind === 'dialable' ? number.e164 : number.raw))
  const { e164, country } = first
  return { ok: true, e164, country, warnings, others: [...new Set(others)].slice(0, MAX_OTHERS) }
}

/** The reason of the longest attempt at a number says most about what is wrong. */
function worstOf(numbers: FieldNumber[]): RejectReason {
  const longest = numbers.reduce<FieldNumber | null>((a, b) => (a !== null && a.digits >= b.digits ? a : b), null)
  return longest !== null && 'reason' in longest ? longest.reason : 'NOT_A_NUMBER'
}
