import { describe, expect, test } from 'vitest'
import type { PhoneSuggestion } from '#contract/phones.ts'
import { buildMessage, buildValidation } from '../../../test/builders.ts'
import { lookAgainMs } from './lookAgainMs.ts'
import { loadKept, saveKept } from './singleDraft.ts'
import { readValidation } from './usePhoneCheck.ts'
import { isBefore, nowIn } from './wallTime.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')
const at = (secondsFromNow: number) => new Date(NOW + secondsFromNow * 1000).toISOString()

describe('lookAgainMs', () => {
  test('what moves is looked at each second, also among messages that rest', () => {
    const messages = [buildMessage({ state: 'read' }), buildMessage({ state: 'sending' })]
    expect(lookAgainMs(messages, NOW)).toBe(1000)
  })

  test('a scheduled message is watched closely only near its time', () => {
    expect(lookAgainMs([buildMessage({ state: 'scheduled', scheduledAt: at(3600) })], NOW)).toBe(20_000)
    expect(lookAgainMs([buildMessage({ state: 'scheduled', scheduledAt: at(2) })], NOW)).toBe(1000)
  })

  test('receipts are awaited for two minutes, then now and then', () => {
    expect(lookAgainMs([buildMessage({ state: 'sent', statusAt: at(-60) })], NOW)).toBe(3000)
    expect(lookAgainMs([buildMessage({ state: 'delivered', statusAt: at(-600) })], NOW)).toBe(20_000)
  })

  test('nothing is asked about what cannot change any more, nor about nothing', () => {
    const ended = (['read', 'failed', 'cancelled'] as const).map((state) => buildMessage({ state }))
    expect(lookAgainMs(ended, NOW)).toBe(false)
    expect(lookAgainMs([], NOW)).toBe(false)
  })
})

describe('readValidation', () => {
  const suggestion: PhoneSuggestion = {
    phone: '+5511987654321',
    reason: 'MISSING_PLUS',
    confidence: 'medium',
    others: [],
  }
  const notAsked = { state: 'notAsked', obstacle: null, retryAfterSeconds: null, checkedAt: null } as const

  test('a suggestion that is the number itself is none', () => {
    expect(readValidation(buildValidation({ suggestion, check: notAsked })).kind).toBe('valid')
  })

  test('a number that WhatsApp knows is not doubted', () => {
    const validation = buildValidation({ normalized: '+351912345678', suggestion })
    expect(readValidation(validation)).toMatchObject({ kind: 'valid', confirmed: true })
  })

  test('another number that was more likely meant is offered, and the typed one stays usable where it can be dialled', () => {
    const validation = buildValidation({ normalized: '+351912345678', suggestion, check: notAsked })
    expect(readValidation(validation)).toEqual({ kind: 'suggestion', suggestion, usable: true })
  })
})

describe('what is kept on the device', () => {
  test('what an older version or a stranger wrote there is no obstacle', () => {
    for (const text of ['', '{', '[]', '{"draft":{"when":"never","phone":3},"attempt":{"key":1}}']) {
      localStorage.setItem('revoada.singleMessage.u1', text)
      expect(loadKept('u1')).toMatchObject({ draft: { phone: '', when: 'now', country: 'BR' }, attempt: null })
    }
  })

  test('what is empty leaves nothing behind', () => {
    const { draft } = loadKept('u1')
    saveKept('u1', { draft: { ...draft, content: 'Oi' }, attempt: null })
    expect(loadKept('u1').draft.content).toBe('Oi')
    saveKept('u1', { draft, attempt: null })
    expect(localStorage.getItem('revoada.singleMessage.u1')).toBeNull()
  })

  test('one person does not find what another one typed', () => {
    const { draft } = loadKept('u1')
    saveKept('u1', { draft: { ...draft, content: 'Oi' }, attempt: null })
    expect(loadKept('u2').draft.content).toBe('')
  })
})

describe('wall times', () => {
  test('a zone shows its own clock, also at midnight', () => {
    expect(nowIn('America/Sao_Paulo', new Date('2026-11-22T03:00:00Z'))).toBe('2026-11-22T00:00')
    expect(nowIn('Asia/Kolkata', new Date('2026-12-31T20:00:00Z'))).toBe('2027-01-01T01:30')
  })

  test('the same minute has not passed', () => {
    expect(isBefore('2026-11-22T09:00', '2026-11-22T09:00')).toBe(false)
    expect(isBefore('2026-11-22T08:59', '2026-11-22T09:00')).toBe(true)
  })
})
