import i18next, { type TFunction } from 'i18next'
import { beforeAll, describe, expect, test } from 'vitest'
import { ERRORS, FAILURE_CATEGORIES, type ErrorCode } from '#contract/errors.ts'
import { LANGUAGES } from '#contract/timeRemaining.ts'
import en from '../text/en.json'
import es from '../text/es.json'
import pt from '../text/pt.json'
import { ApiError } from './ApiError.ts'
import { ERROR_NATURES, handleApiError, isSessionLost } from './errorHandler.ts'

const CATALOGUES = { pt, en, es }
const CODES = Object.keys(ERRORS) as ErrorCode[]
let texts: Record<string, TFunction>

beforeAll(async () => {
  const i18n = i18next.createInstance()
  const resources = Object.fromEntries(LANGUAGES.map((language) => [language, { translation: CATALOGUES[language] }]))
  await i18n.init({ lng: 'pt', resources, interpolation: { escapeValue: false } })
  texts = Object.fromEntries(LANGUAGES.map((language) => [language, i18n.getFixedT(language)]))
})

function textIn(language: string): TFunction {
  const t = texts[language]
  if (t === undefined) throw new Error(`no texts in ${language}`)
  return t
}

describe('handleApiError', () => {
  test.each(LANGUAGES)('every code of the contract has a message and a next step in %s', (language) => {
    for (const code of [...CODES, 'NETWORK', 'UNREADABLE_ANSWER'] as const) {
      const handled = handleApiError(new ApiError(code), textIn(language))
      expect(handled.message, code).not.toMatch(/^errors\.|^$|\{\{/)
      expect(handled.suggestion, code).not.toMatch(/^errors\.|^$|\{\{/)
    }
  })

  test('every code of the contract has a tone and says whether repeating can help', () => {
    expect(Object.keys(ERROR_NATURES).sort()).toEqual([...CODES, 'NETWORK', 'UNREADABLE_ANSWER'].sort())
  })

  test.each(LANGUAGES)('every kind of failed send is explained in %s', (language) => {
    for (const category of FAILURE_CATEGORIES) {
      expect(textIn(language)(`failures.${category}.title`)).not.toContain('failures.')
      expect(textIn(language)(`failures.${category}.todo`)).not.toContain('failures.')
    }
  })

  test('a gateway that refuses its token does not sign anybody out', () => {
    const refused = new ApiError('CHANNEL_UNAUTHORIZED', { status: 401 })
    expect(handleApiError(refused, textIn('pt')).signIn).toBe(false)
    expect(isSessionLost(refused)).toBe(false)
  })

  test('a lost session leads to sign-in', () => {
    const lost = new ApiError('UNAUTHENTICATED', { status: 401 })
    expect(handleApiError(lost, textIn('pt')).signIn).toBe(true)
    expect(isSessionLost(lost)).toBe(true)
  })

  test('what the server says about waiting is said in seconds', () => {
    const busy = new ApiError('CAMPAIGN_RATE_LIMIT_EXCEEDED', { status: 429, retryAfterS: 41.2 })
    expect(handleApiError(busy, textIn('pt'))).toMatchObject({
      retryable: true,
      suggestion: 'Espere 42 segundos e tente de novo.',
    })
  })

  test('a mistake of our own in the page never shows its inside', () => {
    const handled = handleApiError(new TypeError('cannot read secret of undefined'), textIn('en'))
    expect(handled).toMatchObject({ code: 'INTERNAL', message: 'Something went wrong on our side.' })
  })
})
