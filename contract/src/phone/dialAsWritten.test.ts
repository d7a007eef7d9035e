import fc from 'fast-check'
import { expect, it } from 'vitest'
import { dialAsWritten } from './brazil.ts'
import { normalizePhoneInput, readCarefully } from './normalizePhoneInput.ts'

const digits = (length: number) =>
  fc.integer({ min: 0, max: 10 ** length - 1 }).map((n) => String(n).padStart(length, '0'))

/** Numbers as people write them, and nearly so. */
const written = fc
  .tuple(
    fc.constantFrom('', '55 ', '+55 ', '55', '+55', '0055 ', '+'),
    fc.constantFrom('', '(', '(0', '0', '(0xx', '0xx'),
    fc.oneof(digits(2), fc.constantFrom('11', '55', '21')),
    fc.constantFrom('', ')'),
    fc.constantFrom('', ' ', '  ', '-'),
    fc.oneof(
      digits(4),
      digits(5),
      digits(4).map((rest) => `9${rest}`),
    ),
    fc.constantFrom('', '-', ' ', '.', '--', '/'),
    fc.oneof(digits(4), digits(3)),
  )
  .map((parts) => parts.join(''))

it('the short way reads nothing in another way than the careful one', () => {
  fc.assert(
    fc.property(written, (text) => {
      expect(normalizePhoneInput(text, 'BR')).toEqual(readCarefully(text, 'BR'))
    }),
    { numRuns: 5_000 },
  )
})

it('the short way reads every area in the usual spellings', () => {
  const read = (text: string) => dialAsWritten(text)
  for (const text of ['(11) 98765-4321', '+55 11 98765-4321', '011 98765 4321', '(011)98765.4321', '11 8765-4321'])
    expect(read(text)).toEqual({ ok: true, e164: '+5511987654321', country: 'BR' })
  expect(read('(11) 3232-1234')).toMatchObject({ e164: '+551132321234' })
  expect(read('11 98765-4321 / 9')).toBeNull()
  expect(read('(10) 98765-4321')).toBeNull()
})
