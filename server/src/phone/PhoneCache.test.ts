import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { ANSWER_LIFE_MS, MAX_CACHE_SIZE, PhoneCache, type NumberAnswer } from './PhoneCache.ts'

const RUNS = { numRuns: 300 }
const USER = 'user'
const answer = (n: number): NumberAnswer => ({ isOnWhatsapp: true, jid: `${n}@s.whatsapp.net`, checkedAt: new Date(n) })

/** What the cache promises, in the plainest words: a list, the least recently used first. */
class Model {
  entries: { key: number; answer: NumberAnswer; endsAt: number }[] = []
  readonly max: number
  constructor(max: number) {
    this.max = max
  }

  find(key: number, now: number) {
    const at = this.entries.findIndex((entry) => entry.key === key)
    const entry = this.entries[at]
    return entry === undefined || now > entry.endsAt ? undefined : { at, entry }
  }

  get(key: number, now: number) {
    const found = this.find(key, now)
    this.entries = this.entries.filter((entry) => entry.key !== key)
    if (found !== undefined) this.entries.push(found.entry)
    return found?.entry.answer
  }

  set(key: number, value: NumberAnswer, now: number, ageMs: number) {
    if (ageMs >= ANSWER_LIFE_MS) return
    this.entries = this.entries.filter((entry) => entry.key !== key)
    if (this.entries.length === this.max) this.entries.shift()
    this.entries.push({ key, answer: value, endsAt: now + ANSWER_LIFE_MS - ageMs })
  }
}

const key = fc.integer({ min: 0, max: 12 })
const act = fc.oneof(
  fc.record({ kind: fc.constant('get' as const), key }),
  fc.record({ kind: fc.constant('has' as const), key }),
  fc.record({ kind: fc.constant('delete' as const), key }),
  fc.record({
    kind: fc.constant('set' as const),
    key,
    ageMs: fc.constantFrom(0, 0, ANSWER_LIFE_MS / 2, ANSWER_LIFE_MS, ANSWER_LIFE_MS * 2),
  }),
  fc.record({
    kind: fc.constant('wait' as const),
    // Mostly short: where everything has run out, nobody has to leave for somebody else.
    ms: fc.constantFrom(1, 1, 1, 1, ANSWER_LIFE_MS / 4, ANSWER_LIFE_MS / 2, ANSWER_LIFE_MS),
  }),
)

it('answers as its model does, whatever is done with it, and never holds more than it may', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.array(act, { maxLength: 120, size: 'max' }), (max, acts) => {
      let now = 1
      const cache = new PhoneCache({ max, now: () => now })
      const model = new Model(max)
      acts.forEach((step, n) => {
        if (step.kind === 'wait') now += step.ms
        else if (step.kind === 'get') expect(cache.get(USER, String(step.key))).toEqual(model.get(step.key, now))
        else if (step.kind === 'has')
          expect(cache.has(USER, String(step.key))).toBe(model.find(step.key, now) !== undefined)
        else if (step.kind === 'delete') {
          cache.delete(USER, String(step.key))
          model.entries = model.entries.filter((entry) => entry.key !== step.key)
        } else {
          cache.set(USER, String(step.key), answer(n), step.ageMs)
          model.set(step.key, answer(n), now, step.ageMs)
        }
        expect(cache.size).toBe(model.entries.length)
        expect(cache.size).toBeLessThanOrEqual(max)
      })
    }),
    RUNS,
  )
})

describe('a full cache', () => {
  let cache: PhoneCache
  beforeAll(() => {
    cache = new PhoneCache()
    for (let n = 0; n < MAX_CACHE_SIZE; n++) cache.set(USER, `+${n}`, answer(n))
  })

  it('holds 10,000 entries and not one more, after any sequence of operations', () => {
    expect([MAX_CACHE_SIZE, cache.size]).toEqual([10_000, 10_000])
    const phone = fc.integer({ min: 0, max: 30_000 }).map((n) => `+${n}`)
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('get', 'set', 'has'), phone), { maxLength: 200 }), (acts) => {
        for (const [kind, number] of acts) {
          if (kind === 'set') cache.set(USER, number, answer(1))
          else if (kind === 'get') cache.get(USER, number)
          else cache.has(USER, number)
          expect(cache.size).toBeLessThanOrEqual(MAX_CACHE_SIZE)
        }
      }),
      RUNS,
    )
  })

  it('lets go of who was not used for longest, and not of who was stored first', () => {
    const small = new PhoneCache({ max: 2 })
    small.set(USER, '+1', answer(1))
    small.set(USER, '+2', answer(2))
    expect(small.get(USER, '+1')).toEqual(answer(1))
    small.set(USER, '+3', answer(3))
    expect([small.has(USER, '+1'), small.has(USER, '+2'), small.has(USER, '+3')]).toEqual([true, false, true])
  })

  it('keeps the answers of accounts apart', () => {
    const shared = new PhoneCache()
    shared.set('ana', '+1', answer(1))
    expect(shared.get('bia', '+1')).toBeUndefined()
  })
})
