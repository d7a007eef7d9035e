import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseTypedRecipients } from './parseTypedRecipients.ts'

const people = (text: string) =>
  parseTypedRecipients(text).map(({ phone, name }) => (name === undefined ? { phone } : { phone, name }))

describe('parseTypedRecipients', () => {
  test.each([
    ['11 98765-4321', [{ phone: '11 98765-4321' }]],
    ['+351 912 345 678\n(11) 98765-4321', [{ phone: '+351 912 345 678' }, { phone: '(11) 98765-4321' }]],
    [
      '11987654321, 11987654322;11987654323',
      [{ phone: '11987654321' }, { phone: '11987654322' }, { phone: '11987654323' }],
    ],
    ['Maria Souza 11 98765-4321', [{ phone: '11 98765-4321', name: 'Maria Souza' }]],
    ['Maria Souza; 11 98765-4321', [{ phone: '11 98765-4321', name: 'Maria Souza' }]],
    ['11 98765-4321\tJosé', [{ phone: '11 98765-4321', name: 'José' }]],
    ['11 98765-4321 - José', [{ phone: '11 98765-4321', name: 'José' }]],
    ['\n  \n', []],
  ])('%j', (text, expected) => {
    expect(people(text)).toEqual(expected)
  })

  test('what is no number is still sent along, so that nothing disappears', () => {
    expect(people('11987654321\nhello\n123')).toEqual([{ phone: '11987654321' }, { phone: 'hello' }, { phone: '123' }])
  })

  test('no digit that was typed gets lost or made up, and every entry knows where it stands', () => {
    const piece = fc.stringMatching(/^[ A-Za-zçã0-9()+.-]{0,30}$/)
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.constantFrom('\n', ',', ';', '\t'), (pieces, separator) => {
        const text = pieces.join(separator)
        const entries = parseTypedRecipients(text)
        const digits = (part: string) => part.replace(/\D/g, '')
        expect(entries.map(({ phone }) => digits(phone)).join('')).toBe(digits(text))
        for (const { phone, name, from, to } of entries) {
          expect(phone.length).toBeGreaterThan(0)
          expect(name).not.toBe('')
          expect(digits(text.slice(from, to))).toBe(digits(phone))
        }
      }),
      { numRuns: 500 },
    )
  })

  test('a letter right beside a digit is one mistyped, not a name', () => {
    expect(people('1198765432O')).toEqual([{ phone: '1198765432O' }])
  })

  test('a text without an end takes no time without an end', () => {
    expect(people(`${'a '.repeat(50_000)}11987654321`)[0]?.phone).toHaveLength(200)
  })
})
