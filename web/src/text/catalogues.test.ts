import { describe, expect, test } from 'vitest'
import { LANGUAGES, type Language } from '#contract/timeRemaining.ts'
import { IMPORT_FAILURES } from '#contract/imports.ts'
import { LOCALES } from '../lib/i18n.ts'
import en from './en.json'
import es from './es.json'
import pt from './pt.json'

const PLURAL = /_(zero|one|two|few|many|other)$/
const TEXTS = { pt: flatten(pt), en: flatten(en), es: flatten(es) }

function flatten(tree: object, path = ''): Map<string, string> {
  return new Map(
    Object.entries(tree).flatMap(([key, value]: [string, unknown]) =>
      typeof value === 'string' ? [[path + key, value] as const] : [...flatten(value as object, `${path}${key}.`)],
    ),
  )
}

function keysOf(language: Language): string[] {
  return [...new Set([...TEXTS[language].keys()].map((key) => key.replace(PLURAL, '')))].sort()
}

function placeholders(text: string): string {
  return [...new Set(text.match(/\{\{\w+\}\}/g))].sort().join(' ')
}

describe('catalogues', () => {
  test.each(LANGUAGES)('%s has the same keys as the others', (language) => {
    expect(keysOf(language)).toEqual(keysOf('pt'))
  })

  test.each(LANGUAGES)('%s has every plural form that the language needs, and one for zero', (language) => {
    const needed = ['zero', ...new Intl.PluralRules(LOCALES[language]).resolvedOptions().pluralCategories]
    const plurals = new Set(
      [...TEXTS[language].keys()].filter((key) => PLURAL.test(key)).map((key) => key.replace(PLURAL, '')),
    )
    expect(plurals.size).toBeGreaterThan(10)
    for (const key of plurals) {
      for (const form of needed) expect(TEXTS[language].has(`${key}_${form}`), `${key}_${form}`).toBe(true)
    }
  })

  test.each(LANGUAGES)('%s names the same values in its texts as Portuguese', (language) => {
    const shared = [...TEXTS.pt].filter(([key]) => TEXTS[language].has(key))
    const differing = shared.filter(
      ([key, text]) => placeholders(TEXTS[language].get(key) ?? '') !== placeholders(text),
    )
    expect(differing).toEqual([])
  })

  test.each(LANGUAGES)('%s explains every way in which a whole file can be unusable', (language) => {
    for (const reason of IMPORT_FAILURES) expect(TEXTS[language].get(`imports.failure.${reason}`), reason).toBeTruthy()
  })

  test('nothing is left empty', () => {
    for (const language of LANGUAGES) {
      const empty = [...TEXTS[language]].filter(([, text]) => text.trim() === '').map(([key]) => key)
      expect(empty).toEqual([])
    }
  })
})
