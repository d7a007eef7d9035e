import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FAILURE_CATEGORIES } from '#contract/errors.ts'
import type { SendFailure } from '#server/channels/gateways/Gateway.ts'
import type { ClaimedRecipient } from '#server/recipients/claimRecipients.ts'
import { backOffMs } from './backOff.ts'
import { Breaker } from './Breaker.ts'
import { decideSettlement, giveBack, type CampaignRules } from './decideSettlement.ts'

const campaign: CampaignRules = { id: 'c', unknownPolicy: 'resend', isIdempotent: true, stepDelaysMs: [0] }
const recipient: ClaimedRecipient = {
  id: 1,
  sendTo: null,
  phone: '+5511987654321',
  name: null,
  variables: {},
  step: 0,
  attempts: 0,
  resends: 0,
  maybeSent: false,
  isSuspect: false,
  startedDeaths: 0,
  usesFallback: false,
  processingOrder: 1,
  renderedAt: new Date(),
}

function failure(changes: Partial<SendFailure>): SendFailure {
  return {
    category: 'API_ERROR',
    code: 'X',
    fate: 'notSent',
    permanent: false,
    scope: 'recipient',
    notBefore: null,
    message: 'x',
    ...changes,
  }
}

function after(changes: Partial<SendFailure>, of: Partial<ClaimedRecipient> = {}, rules: Partial<CampaignRules> = {}) {
  return decideSettlement({ ...campaign, ...rules }, { ...recipient, ...of }, { ok: false, failure: failure(changes) })
}

describe('after a failure', () => {
  it('that is permanent the recipient has failed at once', () => {
    expect(after({ category: 'INVALID_NUMBER', permanent: true }).settlement).toMatchObject({
      status: 'failed',
      attempts: 1,
    })
  })

  it('that may pass there are three more attempts, and then the recipient has failed', () => {
    expect(after({}, { attempts: 2 }).settlement).toMatchObject({ status: 'retrying', attempts: 3 })
    expect(after({}, { attempts: 3 }).settlement).toMatchObject({ status: 'failed', attempts: 4 })
  })

  describe('of a file that has a text to go in its place', () => {
    const rules = { hasFallback: (step: number) => step === 1 }
    const refused = { code: 'IMAGE_UNREADABLE', permanent: true }

    it('the same step goes on as text, and the failure is recorded', () => {
      const { settlement } = after(refused, { step: 1, attempts: 2 }, rules)
      const recorded = { code: 'IMAGE_UNREADABLE' }
      expect(settlement).toMatchObject({
        status: 'retrying',
        step: 1,
        usesFallback: true,
        attempts: 0,
        error: recorded,
      })
    })

    it.each([
      ['that may pass has its attempts first', { code: 'UPLOAD_FAILED' }, { attempts: 2 }, 'retrying', false],
      ['whose attempts are used up is replaced', { code: 'UPLOAD_FAILED' }, { attempts: 3 }, 'retrying', true],
      [
        'that is slow to upload is replaced',
        { category: 'TIMEOUT', code: 'UPLOAD_TIMEOUT' },
        { attempts: 3 },
        'retrying',
        true,
      ],
      ['is not replaced twice', refused, { usesFallback: true }, 'failed', true],
      ['that may have arrived is not replaced', refused, { maybeSent: true }, 'unknown', false],
      ['whose fate is open is not replaced', { ...refused, fate: 'maybe' }, { resends: 3 }, 'unknown', false],
      [
        'for a number that is none is not replaced',
        { category: 'INVALID_NUMBER', permanent: true },
        {},
        'failed',
        false,
      ],
      [
        'for somebody who blocked us is not replaced',
        { category: 'BLOCKED_NUMBER', permanent: true },
        {},
        'failed',
        false,
      ],
      [
        'that a slow connection kept is not replaced',
        { category: 'TIMEOUT', code: 'HTTP_504' },
        { attempts: 3 },
        'failed',
        false,
      ],
      ['of a step without a text is not replaced', refused, { step: 0 }, 'failed', false],
    ] as [string, Partial<SendFailure>, Partial<ClaimedRecipient>, string, boolean][])(
      'one %s',
      (_what, failed, of, status, usesFallback) => {
        expect(after(failed, { step: 1, ...of }, rules).settlement).toMatchObject({ status, usesFallback })
      },
    )

    it('the next step begins with its own file again', () => {
      const sequence = { ...campaign, ...rules, stepDelaysMs: [0, 0] }
      const { settlement } = decideSettlement(sequence, { ...recipient, usesFallback: true }, { ok: true })
      expect(settlement).toMatchObject({ status: 'retrying', step: 1, usesFallback: false })
    })

    it('whatever gives it back keeps what it has come to', () => {
      expect(giveBack('c', { ...recipient, usesFallback: true })).toMatchObject({
        status: 'pending',
        usesFallback: true,
      })
    })
  })

  it.each(['DISCONNECTED', 'UNAUTHORIZED'] as const)(
    '%s pauses the channel and costs the recipient nothing',
    (category) => {
      const { settlement, effect } = after({ category, scope: 'channel' })
      expect(effect.pause).toBe(category.toLowerCase())
      expect(settlement).toMatchObject({ status: 'pending', attempts: 0, error: { category } })
    },
  )

  it('the channel is told to wait for a rate limit, and the attempt is given back', () => {
    const { settlement, effect } = after({ category: 'RATE_LIMIT', scope: 'channel' })
    expect(effect.backOffMs).toBeGreaterThanOrEqual(60_000)
    expect(settlement).toMatchObject({ status: 'retrying', attempts: 0, retryInMs: effect.backOffMs })
  })

  it('a rate limit of one pair of numbers delays only this recipient', () => {
    expect(after({ category: 'RATE_LIMIT', scope: 'recipient' }).effect).toEqual({ pause: null, backOffMs: null })
  })

  it('an account that may not start new chats is paused as blocked', () => {
    expect(after({ category: 'RATE_LIMIT', scope: 'channel', code: 'SERVER_ERROR_463' }).effect.pause).toBe('blocked')
  })

  it('a gateway out of reach costs no attempt, one that is busy does', () => {
    expect(after({ category: 'SERVER_BUSY', scope: 'channel' }).settlement).toMatchObject({
      status: 'retrying',
      attempts: 0,
    })
    expect(after({ category: 'SERVER_BUSY' }).settlement).toMatchObject({ status: 'retrying', attempts: 1 })
  })

  it('our own stop before a byte had left gives the recipient back', () => {
    expect(after({ category: 'TIMEOUT', code: 'ABORTED' }).settlement).toMatchObject({
      status: 'pending',
      attempts: 0,
      error: null,
    })
  })
})

describe('after a send of unknown fate', () => {
  it('the same message is sent again, three times at most, and then the recipient is unknown', () => {
    expect(after({ fate: 'maybe' }).settlement).toMatchObject({ status: 'retrying', maybeSent: true, resends: 1 })
    expect(after({ fate: 'maybe' }, { resends: 2 }).settlement).toMatchObject({ status: 'retrying', resends: 3 })
    expect(after({ fate: 'maybe' }, { resends: 3 }).settlement).toMatchObject({ status: 'unknown' })
  })

  it.each(['hold', 'skip'] as const)('nothing is sent again where the campaign says %s', (unknownPolicy) => {
    expect(after({ fate: 'maybe' }, {}, { unknownPolicy }).settlement).toMatchObject({
      status: 'unknown',
      maybeSent: true,
    })
  })

  it('nothing is sent again through a gateway that would deliver it twice', () => {
    expect(after({ fate: 'maybe' }, {}, { isIdempotent: false }).settlement).toMatchObject({
      status: 'unknown',
      maybeSent: true,
      attempts: 1,
    })
    expect(after({}, {}, { isIdempotent: false }).settlement).toMatchObject({ status: 'retrying', maybeSent: false })
  })

  it('a later failure does not turn it into "failed": nobody knows that', () => {
    expect(after({ permanent: true }, { maybeSent: true }).settlement.status).toBe('unknown')
  })

  it('is never forgotten when the row is given back', () => {
    expect(giveBack('c', { ...recipient, maybeSent: true })).toMatchObject({ status: 'retrying', maybeSent: true })
  })
})

describe('after success', () => {
  it('of the last step the recipient is sent', () => {
    expect(decideSettlement(campaign, recipient, { ok: true }).settlement).toMatchObject({
      status: 'sent',
      finishedStep: null,
    })
  })

  it('of an earlier step the next one waits for its pause, with attempts of its own', () => {
    const rules = { ...campaign, stepDelaysMs: [0, 30_000] }
    const { settlement } = decideSettlement(rules, { ...recipient, attempts: 2, maybeSent: true }, { ok: true })
    expect(settlement).toMatchObject({
      status: 'retrying',
      step: 1,
      finishedStep: 0,
      attempts: 0,
      maybeSent: false,
      retryInMs: 30_000,
    })
    expect(decideSettlement(rules, { ...recipient, step: 1 }, { ok: true }).settlement).toMatchObject({
      status: 'sent',
      finishedStep: 1,
    })
  })
})

it('the same failure has the same consequence, and a recipient never ends without a named state', () => {
  const failures = fc.record({
    category: fc.constantFrom(...FAILURE_CATEGORIES),
    fate: fc.constantFrom('notSent' as const, 'maybe' as const),
    permanent: fc.boolean(),
    scope: fc.constantFrom('recipient' as const, 'channel' as const),
  })
  const rows = fc.record({ attempts: fc.nat(4), resends: fc.nat(4), maybeSent: fc.boolean(), step: fc.nat(2) })
  fc.assert(
    fc.property(failures, rows, (changes, row) => {
      const [a, b] = [
        after(changes, row, { stepDelaysMs: [0, 0, 0] }),
        after(changes, row, { stepDelaysMs: [0, 0, 0] }),
      ]
      expect({ ...a.settlement, retryInMs: null }).toEqual({ ...b.settlement, retryInMs: null })
      if (a.settlement.status === 'retrying') expect(a.settlement.retryInMs).toBeGreaterThanOrEqual(0)
      // Failing means that surely nobody got it.
      const isSurelyUnsent = changes.fate === 'notSent' && (!row.maybeSent || changes.category === 'INVALID_NUMBER')
      if (a.settlement.status === 'failed') expect(isSurelyUnsent).toBe(true)
    }),
    { numRuns: 500 },
  )
})

describe('the back-off', () => {
  it.each([
    ['API_ERROR', 0, 2000],
    ['API_ERROR', 1, 4000],
    ['API_ERROR', 3, 16_000],
    ['API_ERROR', 30, 300_000],
    ['SERVER_BUSY', 0, 10_000],
    ['SERVER_BUSY', 3, 16_000],
    ['RATE_LIMIT', 0, 60_000],
    ['TIMEOUT', 2, 8000],
  ] as const)('of %s at attempt %i is %i ms and up to a second', (category, attempt, ms) => {
    expect(backOffMs(failure({ category }), attempt, 0)).toBe(ms)
    expect(backOffMs(failure({ category }), attempt, 1)).toBe(Math.min(ms + 1000, 300_000))
  })

  it('obeys the gateway, between one second and fifteen minutes', () => {
    const asked = (ms: number) =>
      backOffMs(failure({ category: 'RATE_LIMIT', notBefore: new Date(Date.now() + ms) }), 0)
    expect(asked(-5000)).toBe(1000)
    expect(asked(5000)).toBeGreaterThan(4000)
    expect(asked(5000)).toBeLessThanOrEqual(5000)
    expect(asked(1e12)).toBe(900_000)
  })
})

describe('the breaker', () => {
  const silence = failure({ category: 'TIMEOUT', fate: 'maybe' })

  it('opens after five failures in a row, lets one request through every 30 s, and closes with a success', () => {
    const breaker = new Breaker()
    for (let n = 0; n < 4; n++) breaker.failed(silence, 1000)
    expect(breaker.allows(1000, 3)).toBe(true)
    breaker.failed(silence, 1000)
    expect(breaker.allows(30_999, 0)).toBe(false)
    expect(breaker.allows(31_000, 1)).toBe(false)
    expect(breaker.allows(31_000, 0)).toBe(true)
    breaker.succeeded()
    expect(breaker.allows(31_000, 5)).toBe(true)
  })

  it('says after 60 s of silence that the channel is gone, not before', () => {
    const breaker = new Breaker()
    const verdicts = [0, 1, 2, 3, 4, 31_000, 59_999, 60_000].map((now) => breaker.failed(silence, now))
    expect(verdicts).toEqual([false, false, false, false, false, false, false, true])
  })

  it('does not count what one recipient did wrong', () => {
    const breaker = new Breaker()
    for (let n = 0; n < 10; n++) breaker.failed(failure({ category: 'INVALID_NUMBER', permanent: true }), 0)
    expect(breaker.isOpen).toBe(false)
  })
})
