import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseTypedRecipients } from './parseTypedRecipients.ts'

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
  ])('%j', (text, recipients) => {
    expect(parseTypedRecipients(text).recipients).toEqual(recipients)
  })

  test('what is no number is counted and still sent along, so that nothing disappears', () => {
    expect(parseTypedRecipients('11987654321\nhello\n123')).toEqual({
      recipients: [{ phone: '11987654321' }, { phone: 'hello' }, { phone: '123' }],
      doubtful: 2,
    })
  })

  test('no digit that was typed gets lost or made up', () => {
    const piece = fc.stringMatching(/^[ A-Za-zçã0-9()+.-]{0,30}$/)
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.constantFrom('\n', ',', ';', '\t'), (pieces, separator) => {
        const text = pieces.join(separator)
        const { recipients } = parseTypedRecipients(text)
        expect(recipients.map(({ phone }) => phone.replace(/\D/g, '')).join('')).toBe(text.replace(/\D/g, ''))
        for (const { phone, name } of recipients) {
          expect(phone.length).toBeGreaterThan(0)
          expect(name).not.toBe('')
        }
      }),
      { numRuns: 500 },
    )
  })
})
