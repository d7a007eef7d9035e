import { parsePhoneNumberFromString } from 'libphonenumber-js/max'
import type { Confidence, CorrectionReason } from '../phones.ts'
import { callingCode } from './dial.ts'
import { beginsLikeMobile, dropCarrierCode, dropDoubledNinthDigit, moveNinthDigit } from './brazilianRepairs.ts'
import { readWhole, type TypedField } from './TypedField.ts'

/** A number that a field may mean after all. */
export type Repaired = { phone: string; confidence: Confidence; others?: string[] }

/** One way of reading a field that means no number as it stands. */
type Repair = { reason: CorrectionReason; repair: (field: TypedField) => Repaired | null }

/** What is tried, the surest first. */
export const REPAIRS: readonly Repair[] = [
  { reason: 'SPREADSHEET_EXPONENT', repair: writeOutExponent },
  { reason: 'LETTERS_FOR_DIGITS', repair: readLetters },
  { reason: 'DOUBLED_COUNTRY_CODE', repair: dropSecondCountryCode },
  { reason: 'COUNTRY_CODE_SPELLING', repair: respellCountryCode },
  { reason: 'TRUNK_ZERO', repair: dropZeros },
  { reason: 'NINTH_DIGIT_DOUBLED', repair: dropDoubledNinthDigit },
  { reason: 'CARRIER_CODE', repair: dropCarrierCode },
  { reason: 'NINTH_DIGIT_MISPLACED', repair: moveNinthDigit },
  { reason: 'PLUS_WITHOUT_COUNTRY_CODE', repair: dropPlus },
  { reason: 'GLUED_NUMBERS', repair: splitGlued },
  { reason: 'MISSING_PLUS', repair: addPlus },
]

/** `5,511987654321E+12`: as many digits behind the point as the exponent says, so none is lost. */
function writeOutExponent({ plain, country }: TypedField): Repaired | null {
  const [, first = '', rest = '', exponent] = /^\+?(\d)[.,](\d{7,14})e\+?(\d{1,2})$/i.exec(plain) ?? []
  return rest.length === Number(exponent) ? asRepaired(readWhole(first + rest, country), 'high') : null
}

const LOOKS_LIKE: Readonly<Record<string, string>> = { o: '0', l: '1', i: '1', s: '5', b: '8', z: '2' }
/** Behind a digit up to two letters, before one a single one: `oi98765…` is a greeting and no area code. */
const GLUED_LETTERS = /(?<=\d)[oOlLiIsSbBzZ]{1,2}(?!\p{L})|(?<![\p{L}\d])[oOlLiIsSbBzZ](?=\d)/gu

function readLetters({ plain, country }: TypedField): Repaired | null {
  const letters = plain.match(GLUED_LETTERS)?.join('') ?? ''
  if (letters === '') return null
  const digits = plain.replace(GLUED_LETTERS, (run) =>
    [...run].map((letter) => LOOKS_LIKE[letter.toLowerCase()]).join(''),
  )
  const [phone] = readWhole(digits, country)
  if (phone === undefined) return null
  // Two changes at once are a guess.
  const lacksNinth = phone.startsWith('+55') && !digits.replace(/\D/g, '').endsWith(phone.slice(3))
  if (lacksNinth) return { phone, confidence: 'low' }
  return { phone, confidence: /^[oOlIi]+$/.test(letters) ? 'high' : 'medium' }
}

function dropSecondCountryCode({ digits, country }: TypedField): Repaired | null {
  const code = callingCode(country)
  if (digits === null || code === null) return null
  const rest = new RegExp(`^0*${code}0{0,2}(${code}\\d+)$`).exec(digits)?.[1]
  return rest === undefined ? null : asRepaired(readWhole(`+${rest}`, country), 'high')
}

/** How other countries dial abroad. */
const DIALS_ABROAD = /^(?:011|0011|010|810)/

function respellCountryCode({ plain, digits, country }: TypedField): Repaired | null {
  const code = callingCode(country)
  if (digits === null || code === null) return null
  const isOutOfPlace = /^\D*\d{1,3}\D*\+/.test(plain) || digits.startsWith('0')
  const spellings = [
    ...(isOutOfPlace ? [digits.replace(/^0+/, '')] : []),
    ...(DIALS_ABROAD.test(digits) ? [digits.replace(DIALS_ABROAD, '')] : []),
  ]
  for (const spelling of spellings) {
    const [phone] = spelling.startsWith(code) ? readWhole(`+${spelling}`, country) : []
    if (phone !== undefined) return { phone, confidence: 'high' }
  }
  return null
}

/** Zeros behind the country code, or too many in front. */
function dropZeros({ plain, digits, country }: TypedField): Repaired | null {
  if (digits === null) return null
  const bare = digits.replace(/^0+/, '')
  if (plain.includes('+') || digits.startsWith('00')) {
    for (const length of [1, 2, 3]) {
      if (bare[length] !== '0') continue
      const rest = bare.slice(length).replace(/^0+/, '')
      const [phone] = readWhole(`+${bare.slice(0, length)}${rest}`, country)
      if (phone !== undefined) return { phone, confidence: 'high' }
    }
  }
  return digits.startsWith('00') ? asRepaired(readWhole(bare, country), 'medium') : null
}

function dropPlus({ plain, digits, country }: TypedField): Repaired | null {
  if (digits === null || plain.indexOf('+') !== plain.search(/[+\d]/)) return null
  const [phone] = readWhole(digits, country)
  if (phone === undefined) return null
  return { phone, confidence: isMobile(phone) ? 'medium' : 'low' }
}

/** Two or three numbers, each whole as it stands; where more than one cut makes sense, nobody can tell. */
function splitGlued({ digits, country }: TypedField): Repaired | null {
  if (digits === null || digits.length < 14) return null
  for (const parts of [2, 3]) {
    const found = readParts(digits, parts, country)
    if (found !== null) return { phone: found[0] ?? '', confidence: 'high', others: found.slice(1) }
  }
  const cuts = Array.from({ length: digits.length - 13 }, (_, n) => n + 7)
    .map((at) => [...readComplete(digits.slice(0, at), country), ...readComplete(digits.slice(at), country)])
    .filter((found) => found.length === 2)
  const [found] = cuts
  return cuts.length === 1 && found !== undefined
    ? { phone: found[0] ?? '', confidence: 'medium', others: found.slice(1) }
    : null
}

function readParts(digits: string, parts: number, country: string): string[] | null {
  if (digits.length % parts !== 0) return null
  const length = digits.length / parts
  const found = Array.from({ length: parts }, (_, n) =>
    readComplete(digits.slice(n * length, (n + 1) * length), country),
  ).flat()
  return found.length === parts ? found : null
}

/** Without the ninth digit put in: in a row of digits that would be one guess on top of another. */
function readComplete(digits: string, country: string): string[] {
  return readWhole(digits, country).filter((phone) => phone.endsWith(digits.slice(-8)) && hasAllOf(phone, digits))
}

function hasAllOf(phone: string, digits: string): boolean {
  return digits.endsWith(phone.slice(1)) || phone.endsWith(digits.replace(/^0+/, ''))
}

/** The number of another country; asked last, because at home the same digits may just have one too many. */
function addPlus({ plain, digits, country }: TypedField): Repaired | null {
  if (digits === null || digits.length < 10 || plain.includes('+') || digits.startsWith('0')) return null
  const [phone] = readWhole(`+${digits}`, country)
  if (phone === undefined || phone.slice(1) !== digits || !isMobile(phone)) return null
  const mayBeHome = country === 'BR' && (digits.length < 12 || beginsLikeMobile(digits))
  return { phone, confidence: mayBeHome ? 'low' : 'medium' }
}

/** Or one of those that may be either, as in North America. */
function isMobile(phone: string): boolean {
  const type = parsePhoneNumberFromString(phone)?.getType()
  return type === 'MOBILE' || type === 'FIXED_LINE_OR_MOBILE'
}

function asRepaired(phones: string[], confidence: Confidence): Repaired | null {
  const [phone] = phones
  return phone === undefined ? null : { phone, confidence }
}
