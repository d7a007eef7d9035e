import { describe, expect, test } from 'vitest'
import { parseTypedRecipients } from '#contract/parseTypedRecipients.ts'
import { judgeTyped, withCorrection, withoutEntry } from './judgeTyped.ts'

describe('judgeTyped', () => {
  test('each entry is valid, a repetition in any spelling, or refused with its reason', () => {
    const states = judgeTyped('Ana 11987654321\n(11) 8765-4321\n+351 912 345 678\n1234\n11 2345', 'BR').map(
      ({ verdict }) => (verdict.state === 'invalid' ? verdict.reason : verdict.state),
    )
    expect(states).toEqual(['valid', 'duplicate', 'valid', 'TOO_SHORT', 'TOO_SHORT'])
  })

  test('the same digits mean another number where another country is home', () => {
    expect(judgeTyped('912345678', 'PT')[0]?.verdict).toMatchObject({ state: 'valid', phone: '+351912345678' })
    expect(judgeTyped('912345678', 'BR')[0]?.verdict.state).toBe('invalid')
  })

  test('a suggestion takes the place of what was typed and keeps the name', () => {
    const text = 'Bia 11987654322\nAna Souza +11 98765-4321\nCris 11987654323'
    const entry = judgeTyped(text, 'BR')[1]
    const suggestion = entry?.verdict.state === 'invalid' ? entry.verdict.suggestion : null
    expect(suggestion).toMatchObject({ phone: '+5511987654321', reason: 'PLUS_WITHOUT_COUNTRY_CODE' })
    const mended = entry === undefined ? '' : withCorrection(text, entry, '+5511987654321')
    expect(mended).toBe('Bia 11987654322\nAna Souza +5511987654321\nCris 11987654323')
    expect(judgeTyped(mended, 'BR').every(({ verdict }) => verdict.state === 'valid')).toBe(true)
  })

  test('a letter typed for a digit is mended, not taken for a name', () => {
    const entry = judgeTyped('1198765432O', 'BR')[0]
    const suggestion = entry?.verdict.state === 'invalid' ? entry.verdict.suggestion : null
    expect(suggestion).toMatchObject({ phone: '+5511987654320', reason: 'LETTERS_FOR_DIGITS' })
    expect(entry === undefined ? '' : withCorrection('1198765432O', entry, '+5511987654320')).toBe('+5511987654320')
  })

  test('an entry is taken out with its line or its separator, and nothing else', () => {
    const without = (text: string, index: number) => {
      const entry = parseTypedRecipients(text)[index]
      return entry === undefined ? text : withoutEntry(text, entry)
    }
    expect(without('11987654321\nhello\n123', 1)).toBe('11987654321\n123')
    expect(without('11987654321, hello; 11987654322', 1)).toBe('11987654321,11987654322')
    expect(without('Ana; 123\n11987654321', 0)).toBe('11987654321')
    expect(without('hello', 0)).toBe('')
  })

  test('five hundred numbers are judged while one of them is typed', () => {
    const text = Array.from({ length: 700 }, (_, i) => `Pessoa ${i} 1198${1_000_000 + i}`).join('\n')
    expect(judgeTyped(text, 'BR')).toHaveLength(500)
  })
})
