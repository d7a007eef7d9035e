import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatDuration, formatTimeRemaining, LANGUAGES, type Language } from './timeRemaining.ts'

const FORMS: Record<Language, RegExp> = {
  pt: /^(\d+d ([0-9]|1\d|2[0-3])h restantes|([1-9]|1\d|2[0-3])h [1-5]?\dmin restantes|[1-5]?\dmin restantes|menos de 1min restante)$/,
  en: /^(\d+d ([0-9]|1\d|2[0-3])h left|([1-9]|1\d|2[0-3])h [1-5]?\dmin left|[1-5]?\dmin left|less than 1min left)$/,
  es: /^(\d+d ([0-9]|1\d|2[0-3])h restantes|([1-9]|1\d|2[0-3])h [1-5]?\dmin restantes|[1-5]?\dmin restantes|menos de 1min restante)$/,
}

const anySeconds = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ min: 0, max: 1e7, noNaN: true }),
  fc.integer({ min: -100, max: 400_000 }),
)

/** What the text says, read back, in seconds. */
function readBack(text: string): number {
  const unit = (letter: string) => Number(new RegExp(`(\\d+)${letter}`).exec(text)?.[1] ?? 0)
  return (
    unit('d') * 86_400 +
    unit('h') * 3600 +
    (text.includes('1min restante') && text.startsWith('m') ? 0 : unit('min') * 60)
  )
}

describe('formatTimeRemaining', () => {
  test.each([
    [183_600, '2d 3h restantes'],
    [86_400, '1d 0h restantes'],
    [86_399, '23h 59min restantes'],
    [9000, '2h 30min restantes'],
    [3600, '1h 0min restantes'],
    [2700, '45min restantes'],
    [60, '1min restantes'],
    [59.9, 'menos de 1min restante'],
    [0, 'menos de 1min restante'],
    [-5, 'menos de 1min restante'],
  ])('%d seconds are "%s"', (seconds, text) => {
    expect(formatTimeRemaining(seconds, 'pt')).toBe(text)
  })

  test('what is not known stays unsaid', () => {
    for (const language of LANGUAGES) {
      expect(formatTimeRemaining(null, language)).toBeNull()
      expect(formatTimeRemaining(Number.NaN, language)).toBeNull()
      expect(formatTimeRemaining(Number.POSITIVE_INFINITY, language)).toBeNull()
    }
  })

  test('every number of seconds has the promised form in every language', () => {
    fc.assert(
      fc.property(anySeconds, fc.constantFrom(...LANGUAGES), (seconds, language) => {
        expect(formatTimeRemaining(seconds, language)).toMatch(FORMS[language])
      }),
      { numRuns: 1000 },
    )
  })

  test('the text is never more than its smallest unit below the truth, and never above it', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 8e9, noNaN: true }), (seconds) => {
        const said = readBack(formatTimeRemaining(seconds, 'pt') ?? '')
        expect(said).toBeLessThanOrEqual(seconds)
        expect(seconds - said).toBeLessThan(seconds >= 86_400 ? 3600 : 60)
      }),
      { numRuns: 500 },
    )
  })
})

test('a duration shows seconds only below a minute', () => {
  expect(formatDuration(12.7)).toBe('12s')
  expect(formatDuration(61)).toBe('1min')
  expect(formatDuration(-1)).toBe('0s')
})
