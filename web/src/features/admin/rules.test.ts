import { describe, expect, test } from 'vitest'
import { uuid } from '../../../test/builders.ts'
import { AUDIT_ACTIONS } from './auditActions.ts'
import { filterOf, readAuditSearch } from './auditSearch.ts'
import { readDetails } from './readDetails.ts'

describe('the filters in the address', () => {
  test('what cannot be asked for is left out', () => {
    const search = { action: '<script>', user: 'bruno', campaign: 7, from: 'yesterday', to: ['2026-11-01'] }
    expect(Object.values(readAuditSearch(search))).toEqual([undefined, undefined, undefined, undefined, undefined])
  })

  test('an action and a day that do not exist are not asked of the server', () => {
    expect(filterOf(readAuditSearch({ action: 'moon-landing', user: uuid(2) }), AUDIT_ACTIONS)).toEqual({
      user: uuid(2),
    })
  })

  test('the last day counts as a whole', () => {
    expect(filterOf({ from: '2026-02-28', to: '2026-02-28' }, AUDIT_ACTIONS)).toEqual({
      from: '2026-02-28T00:00:00.000Z',
      to: '2026-03-01T00:00:00.000Z',
    })
  })
})

describe('readDetails', () => {
  test('a pair is a change wherever it stands', () => {
    expect(readDetails({ from: null, to: { count: 1, days: 7 } })).toEqual({
      changes: [{ field: '', from: null, to: { count: 1, days: 7 } }],
      facts: [],
    })
    expect(
      readDetails({ email: { from: 'a@x', to: 'b@x' }, changes: { name: { from: 'A', to: 'B' }, key: true } }),
    ).toEqual({
      changes: [
        { field: 'email', from: 'a@x', to: 'b@x' },
        { field: 'name', from: 'A', to: 'B' },
      ],
      facts: [{ field: 'key', value: true }],
    })
  })

  test('what is only noted is a fact, also inside of others', () => {
    expect(readDetails({ from: 'draft', counts: { sent: 2, failed: 0 }, removed: [1, 2] })).toEqual({
      changes: [],
      facts: [
        { field: 'from', value: 'draft' },
        { field: 'counts.sent', value: 2 },
        { field: 'counts.failed', value: 0 },
        { field: 'removed', value: [1, 2] },
      ],
    })
  })
})
