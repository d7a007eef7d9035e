import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  acceptedOf,
  CAMPAIGN_STATUSES,
  isFinal,
  NO_COUNTS,
  openOf,
  RECIPIENT_STATUSES,
  totalOf,
  type Counts,
} from './states.ts'

const books = fc.record(
  Object.fromEntries(RECIPIENT_STATUSES.map((status) => [status, fc.nat(1_000_000)])),
) as fc.Arbitrary<Counts>

it('every recipient state is in the total, once', () => {
  for (const status of RECIPIENT_STATUSES) expect(totalOf({ ...NO_COUNTS, [status]: 7 })).toBe(7)
  expect(Object.keys(NO_COUNTS).toSorted()).toEqual(RECIPIENT_STATUSES.toSorted())
})

it('accepted, open and the other ends add up to the total', () => {
  fc.assert(
    fc.property(books, (counts) => {
      const ended = counts.failed + counts.skipped + counts.unknown + counts.cancelled
      expect(acceptedOf(counts) + openOf(counts) + ended).toBe(totalOf(counts))
    }),
    { numRuns: 200 },
  )
})

it('a campaign that is open has somebody to decide', () => {
  for (const status of ['pending', 'retrying', 'sending'] as const)
    expect(openOf({ ...NO_COUNTS, [status]: 1 })).toBe(1)
  for (const status of ['sent', 'delivered', 'read'] as const) {
    expect([openOf({ ...NO_COUNTS, [status]: 1 }), acceptedOf({ ...NO_COUNTS, [status]: 1 })]).toEqual([0, 1])
  }
})

it('completed, cancelled and failed are final, nothing else is', () => {
  expect(CAMPAIGN_STATUSES.filter(isFinal)).toEqual(['completed', 'cancelled', 'failed'])
})
