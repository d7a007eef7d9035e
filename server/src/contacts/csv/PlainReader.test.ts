import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { PlainReader } from './PlainReader.ts'

/** What is read as it comes in pieces, with the full parser's reading of what is left to it. */
function readInPieces(text: string, cuts: number[]): string[][] {
  const rows: string[][] = []
  const reader = new PlainReader(';', (cells) => cells.length > 0 && rows.push(cells))
  const ends = [...cuts.map((cut) => cut % (text.length + 1)).toSorted((a, b) => a - b), text.length]
  let at = 0
  for (const end of ends) {
    const rest = reader.write(text.slice(at, end), false)
    if (rest !== null) return [...rows, ...readWhole(rest + text.slice(end))]
    at = end
  }
  const rest = reader.write('', true)
  return rest === null ? rows : [...rows, ...readWhole(rest)]
}

function readWhole(text: string): string[][] {
  return parse(text, {
    delimiter: ';',
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_quotes: true,
    relax_column_count: true,
    skip_empty_lines: true,
  })
}

function orError<T>(read: () => T): T | 'refused' {
  try {
    return read()
  } catch {
    return 'refused'
  }
}

const pieces = fc.constantFrom('a', 'bc', '"', '""', ';', '\n', '\r\n', '\r', ' ', 'é', ';"', '";', '"\n')
const anyText = fc.array(pieces, { maxLength: 30 }).map((parts) => parts.join(''))

it('reads any text in any pieces as the full parser does', () => {
  fc.assert(
    fc.property(anyText, fc.array(fc.nat(60), { maxLength: 5 }), (text, cuts) => {
      expect(orError(() => readInPieces(text, cuts))).toEqual(orError(() => readWhole(text)))
    }),
    { numRuns: 3000 },
  )
})

it('reads well-formed text to its end, and leaves alone only what is odd', () => {
  const left = (text: string) => new PlainReader(';', () => undefined).write(text, true)
  expect(left('a;"b;\n""c""";d\r\n\r\n"";e"e\rf')).toBeNull()
  expect(left('a;b\nc;"d" e\nf;g')).toBe('c;"d" e\nf;g')
  expect(left('a;b\nc;"d')).toBe('c;"d')
})

it('a record without end is given back before it fills the memory', () => {
  const reader = new PlainReader(';', () => undefined)
  let given = 0
  while (reader.write('a'.repeat(10_000), false) === null) given += 10_000
  expect(given).toBeLessThan(200_000)
})
