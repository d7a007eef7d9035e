import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CONFIDENCES, CORRECTION_REASONS, type Confidence, type CorrectionReason } from '../phones.ts'
import { normalizePhoneInput } from './normalizePhoneInput.ts'
import { suggestCorrection } from './suggestCorrection.ts'

const RUNS = { numRuns: 1000 }

describe('what a field most likely means', () => {
  const cases: [
    field: string,
    country: string,
    phone: string,
    reason: CorrectionReason,
    Confidence,
    others?: string[],
  ][] = [
    ['1198765432O', 'BR', '+5511987654320', 'LETTERS_FOR_DIGITS', 'high'],
    ['O11 98765-4321', 'BR', '+5511987654321', 'LETTERS_FOR_DIGITS', 'high'],
    ['(1l) 98765-4321', 'BR', '+5511987654321', 'LETTERS_FOR_DIGITS', 'high'],
    ['Tel: 11 98765-432I', 'BR', '+5511987654321', 'LETTERS_FOR_DIGITS', 'high'],
    ['11 9876S-4321', 'BR', '+5511987654321', 'LETTERS_FOR_DIGITS', 'medium'],
    ['11 9B765-43Z1', 'BR', '+5511987654321', 'LETTERS_FOR_DIGITS', 'medium'],
    ['9l2 345 678', 'PT', '+351912345678', 'LETTERS_FOR_DIGITS', 'high'],
    ['5555 11 98765-4321', 'BR', '+5511987654321', 'DOUBLED_COUNTRY_CODE', 'high'],
    ['+55 +55 11 98765-4321', 'BR', '+5511987654321', 'DOUBLED_COUNTRY_CODE', 'high'],
    ['+55 0055 11 98765-4321', 'BR', '+5511987654321', 'DOUBLED_COUNTRY_CODE', 'high'],
    ['+351 351 912 345 678', 'PT', '+351912345678', 'DOUBLED_COUNTRY_CODE', 'high'],
    ['55+11 98765-4321', 'BR', '+5511987654321', 'COUNTRY_CODE_SPELLING', 'high'],
    ['+055 11 98765-4321', 'BR', '+5511987654321', 'COUNTRY_CODE_SPELLING', 'high'],
    ['011 55 11 98765-4321', 'BR', '+5511987654321', 'COUNTRY_CODE_SPELLING', 'high'],
    ['351 912 345 678', 'BR', '+351912345678', 'MISSING_PLUS', 'medium'],
    ['5511987654321', 'PT', '+5511987654321', 'MISSING_PLUS', 'medium'],
    ['+11 98765-4321', 'BR', '+5511987654321', 'PLUS_WITHOUT_COUNTRY_CODE', 'medium'],
    ['+219738131', 'PT', '+351219738131', 'PLUS_WITHOUT_COUNTRY_CODE', 'low'],
    ['0011 98765-4321', 'BR', '+5511987654321', 'TRUNK_ZERO', 'medium'],
    ['+55 0 11 98765-4321', 'BR', '+5511987654321', 'TRUNK_ZERO', 'high'],
    ['+351 0912345678', 'BR', '+351912345678', 'TRUNK_ZERO', 'high'],
    ['0 15 11 98765-4321', 'BR', '+5511987654321', 'CARRIER_CODE', 'high'],
    ['015 11 3232-1234', 'BR', '+551132321234', 'CARRIER_CODE', 'high'],
    ['15 11 98765-4321', 'BR', '+5511987654321', 'CARRIER_CODE', 'medium'],
    ['+55 15 11 98765-4321', 'BR', '+5511987654321', 'CARRIER_CODE', 'medium'],
    ['11 8765-4321', 'BR', '+5511987654321', 'NINTH_DIGIT_ADDED', 'high'],
    ['+55 11 8765-4321', 'BR', '+5511987654321', 'NINTH_DIGIT_ADDED', 'high'],
    ['11 9 98765-4321', 'BR', '+5511987654321', 'NINTH_DIGIT_DOUBLED', 'medium'],
    ['21 9 98765-4321', 'BR', '+5521987654321', 'NINTH_DIGIT_DOUBLED', 'medium'],
    ['9 (11) 8765-4321', 'BR', '+5511987654321', 'NINTH_DIGIT_MISPLACED', 'medium'],
    ['1198765432111912345678', 'BR', '+5511987654321', 'GLUED_NUMBERS', 'high', ['+5511912345678']],
    ['113232123411987654321', 'BR', '+551132321234', 'GLUED_NUMBERS', 'medium', ['+5511987654321']],
    ['219738131219738132', 'PT', '+351219738131', 'GLUED_NUMBERS', 'high', ['+351219738132']],
    ['219000001 / 219000002', 'PT', '+351219000001', 'SEVERAL_NUMBERS', 'medium', ['+351219000002']],
    ['11 3232-1234 ou 11 98765-4321', 'BR', '+551132321234', 'SEVERAL_NUMBERS', 'medium', ['+5511987654321']],
    ['219888888 / 9', 'PT', '+351219888888', 'SHORTHAND_NUMBER', 'high', ['+351219888889']],
    ['219888888/89/90', 'PT', '+351219888888', 'SHORTHAND_NUMBER', 'high', ['+351219888889', '+351219888890']],
    ['5,511987654321E+12', 'BR', '+5511987654321', 'SPREADSHEET_EXPONENT', 'high'],
  ]
  it.each(cases)('%j in %s is %s, because of %s, with %s confidence', (...expected) => {
    const [field, country, phone, reason, confidence, others = []] = expected
    expect(suggestCorrection(field, country)).toEqual({ phone, reason, confidence, others })
  })

  it('every reason of the list occurs', () => {
    expect(new Set(cases.map(([, , , reason]) => reason))).toEqual(new Set(CORRECTION_REASONS))
    expect(new Set(cases.map(([, , , , confidence]) => confidence))).toEqual(new Set(CONFIDENCES))
  })
})

it.each([
  ['98765-4321', 'BR', 'MISSING_AREA_CODE'],
  ['3232-1234', 'BR', 'MISSING_AREA_CODE'],
  ['98765-432l', 'BR', 'NOT_A_NUMBER'],
  ['oi98765-4321', 'BR', 'NOT_A_NUMBER'],
  ['987654321912345678', 'BR', 'TOO_LONG'],
  ['20 98765-4321', 'BR', 'INVALID_AREA_CODE'],
  ['49 98765 43210', 'BR', 'TOO_LONG'],
  ['11 98765-44321', 'BR', 'TOO_LONG'],
  ['11 98765-432', 'BR', 'TOO_SHORT'],
  ['(91) 18765-4321', 'BR', 'NOT_DIALABLE'],
  ['11 9876-43**', 'BR', 'NOT_A_NUMBER'],
  ['5,51199E+12', 'BR', 'EXCEL_EXPONENT'],
  ['2,2E+08', 'PT', 'EXCEL_EXPONENT'],
  ['28000000', 'PT', 'TOO_SHORT'],
  ['não tem', 'BR', 'NOT_A_NUMBER'],
  ['', 'BR', 'EMPTY'],
])('%j in %s has the reason %s and no likely correction', (field, country, reason) => {
  expect(normalizePhoneInput(field, country)).toEqual({ ok: false, reason })
  expect(suggestCorrection(field, country)).toBeNull()
})

it('a number that is written well needs no correction', () => {
  for (const field of [
    '+5511987654321',
    '(11) 98765-4321',
    '011 98765-4321',
    '0055 11 98765-4321',
    '(0xx11) 3232-1234',
  ])
    expect([field, suggestCorrection(field, 'BR')]).toEqual([field, null])
})

/** Fields that are nearly numbers: digits with what people put between, before and instead of them. */
const nearlyNumber = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'0123456789+()-/ ,.OlISBZeE9551'.split('')), maxLength: 30 }),
  fc
    .tuple(
      fc.constantFrom('', '+', '55', '+55 ', '0055', '5555', '015', '00', '+0', '351', '9 ('),
      fc.constantFrom('11', '21', '55', '91', '20'),
      fc.constantFrom('', ' ', ') ', '/', ' 9 '),
      fc.integer({ min: 0, max: 999_999_999 }),
    )
    .map((parts) => parts.join('')),
)

it('a suggestion normalises to itself, and so does everything that is offered with it', () => {
  fc.assert(
    fc.property(nearlyNumber, fc.constantFrom('BR', 'PT', 'US', 'DE', 'AR', 'MX'), (field, country) => {
      const found = suggestCorrection(field, country)
      for (const phone of found === null ? [] : [found.phone, ...found.others])
        for (const home of [country, 'BR', 'GB'])
          expect(normalizePhoneInput(phone, home)).toMatchObject({ ok: true, e164: phone, warnings: [], others: [] })
    }),
    { numRuns: 5000 },
  )
})

it('no digit is invented: what is suggested stands in the field, but for the country code and the ninth digit', () => {
  const digit: Record<string, string> = { o: '0', l: '1', i: '1', s: '5', b: '8', z: '2' }
  fc.assert(
    fc.property(nearlyNumber, (field) => {
      const found = suggestCorrection(field, 'BR')
      if (found === null || !found.phone.startsWith('+55')) return
      const typed = [...field.toLowerCase()].map((letter) => digit[letter] ?? letter).join('')
      const national = found.phone.slice(3)
      const withoutNinth = national.length === 11 ? national.slice(0, 2) + national.slice(3) : national
      expect([field, isWithin(withoutNinth, typed.replace(/\D/g, ''))]).toEqual([field, true])
    }),
    { numRuns: 5000 },
  )
})

/** In this order, others may stand in between. */
function isWithin(wanted: string, digits: string): boolean {
  let at = 0
  for (const one of digits) if (one === wanted[at]) at += 1
  return at === wanted.length
}

it('an area code is never invented, however a number without one is written', () => {
  const subscriber = fc.oneof(
    fc.integer({ min: 960_000_000, max: 999_999_999 }).map(String),
    // 300x and 400x are real numbers that have no area code.
    fc.integer({ min: 20_000_000, max: 29_999_999 }).map(String),
    fc.integer({ min: 31_000_000, max: 39_999_999 }).map(String),
  )
  const spell = fc.constantFrom(
    (s: string) => s,
    (s: string) => `${s.slice(0, -4)}-${s.slice(-4)}`,
    (s: string) => `${s.slice(0, -4)} ${s.slice(-4)}`,
    (s: string) => `( ) ${s}`,
    (s: string) => `(xx) ${s}`,
    (s: string) => `Tel: ${s}`,
    (s: string) => s.replace(/1/g, 'l'),
    (s: string) => s.replace(/0/g, 'O'),
    (s: string) => `${s} / ${s}`,
  )
  fc.assert(
    fc.property(subscriber, spell, (number, write) => {
      expect([write(number), suggestCorrection(write(number), 'BR')]).toEqual([write(number), null])
    }),
    RUNS,
  )
})

it('hostile fields of 64 KiB take linear time', () => {
  const units = ['1 ', '1', 'O1', '1O', '+', '+55', '(', '5555', '9 (11) ', '1,1e1', 'Tel: ', '0', '11987654321', '.']
  for (const country of ['BR', 'PT'])
    for (const unit of units) {
      const field = unit.repeat(Math.ceil(65_536 / unit.length))
      const times = [1, 2, 3].map(() => {
        const started = performance.now()
        suggestCorrection(field, country)
        return performance.now() - started
      })
      expect([unit, country, Math.min(...times) < 40]).toEqual([unit, country, true])
    }
})
