import i18next, { type TFunction } from 'i18next'
import { beforeAll, describe, expect, test } from 'vitest'
import { ERRORS, FAILURE_CATEGORIES, type ErrorCode } from '#contract/errors.ts'
import { LANGUAGES } from '#contract/timeRemaining.ts'
import en from '../text/en.json'
import es from '../text/es.json'
import pt from '../text/pt.json'
import { ApiError } from './ApiError.ts'
import { ERROR_NATURES, handleApiError, isSessionLost, isUnsettled, refusedFields, sourceOf } from './errorHandler.ts'

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

  test('network, input, gateway and our own errors are told apart', () => {
    const bySource = Object.groupBy(CODES, sourceOf)
    expect(bySource.gateway?.toSorted()).toEqual([
      'API_ERROR',
      'CHANNEL_TOKEN_REJECTED',
      'CHANNEL_UNAUTHORIZED',
      'DISCONNECTED',
      'SERVER_BUSY',
      'TIMEOUT',
    ])
    expect(sourceOf('NETWORK')).toBe('network')
    expect(bySource.input).toEqual(expect.arrayContaining(['VALIDATION_FAILED', 'UNPROCESSABLE', 'INVALID_NUMBER']))
    expect(bySource.access).toEqual(expect.arrayContaining(['UNAUTHENTICATED', 'FORBIDDEN']))
    expect(bySource.server).toEqual(expect.arrayContaining(['INTERNAL', 'UNAVAILABLE', 'RATE_LIMIT']))
  })

  test('a refusal leaves nothing open, a lost answer does', () => {
    for (const code of ['UNPROCESSABLE', 'UNAUTHENTICATED', 'RATE_LIMIT', 'STORAGE_FULL'] as const) {
      expect(isUnsettled(new ApiError(code)), code).toBe(false)
    }
    for (const code of ['NETWORK', 'UNREADABLE_ANSWER', 'INTERNAL', 'UNAVAILABLE', 'CONFLICT'] as const) {
      expect(isUnsettled(new ApiError(code)), code).toBe(true)
    }
  })

  test('the fields that a refusal names are read, and whatever else stands there is not', () => {
    const details = [
      { field: 'phone', reason: 'TOO_SHORT', message: 'x' },
      { field: 'timeZone' },
      'x',
      null,
      { field: 3 },
    ]
    expect(refusedFields(new ApiError('UNPROCESSABLE', { details }))).toEqual([
      { field: 'phone', reason: 'TOO_SHORT' },
      { field: 'timeZone', reason: null },
    ])
    expect(refusedFields(new ApiError('CONFLICT', { details: { state: 'sent' } }))).toEqual([])
    expect(refusedFields(new TypeError('x'))).toEqual([])
  })

  test('a mistake of our own in the page never shows its inside', () => {
    const handled = handleApiError(new TypeError('cannot read secret of undefined'), textIn('en'))
    expect(handled).toMatchObject({ code: 'INTERNAL', message: 'Something went wrong on our side.' })
  })
})
