import { expect, test } from 'vitest'
import { findProblems } from './balance.ts'
import { findHaste } from './findHaste.ts'
import { leaksInLines } from './findLeaks.ts'
import type { LedgerLine } from './GatewayControl.ts'
import { replayAudit } from './replayAudit.ts'

test('the oracle refuses a trail that is no path of the state machine', () => {
  const row = (action: string, details = {}) => ({ action, details })
  expect(
    replayAudit([row('create'), row('start'), row('restore'), row('resume'), row('complete')], 'completed'),
  ).toEqual([])
  expect(replayAudit([row('create'), row('start'), row('resume')], 'running')).toHaveLength(1)
  expect(replayAudit([row('create'), row('start')], 'completed')).toHaveLength(1)
  expect(replayAudit([row('create'), row('start'), row('complete'), row('restore')], 'paused')).toHaveLength(1)
})

test('the oracle refuses books that do not agree with the ledger', () => {
  const books = {
    status: 'completed',
    tag: 1,
    steps: 1,
    completed: true,
    rows: [{ id: 1, phone: '+5511960000000', status: 'sent' as const }],
    counts: {
      pending: 0,
      retrying: 0,
      sending: 0,
      sent: 1,
      delivered: 0,
      read: 0,
      failed: 0,
      skipped: 0,
      unknown: 0,
      cancelled: 0,
    },
    audit: [
      { action: 'create', details: {} },
      { action: 'start', details: {} },
      { action: 'complete', details: {} },
    ],
  }
  const line = {
    t: '',
    kind: 'accepted' as const,
    user: '',
    number: '5511960000000',
    messageId: '3EB0000000010000000010',
    bodySha256: 'a',
    type: 'text' as const,
    verdict: 'sent',
  }
  const phones = ['+5511960000000']
  expect(findProblems(books, phones, [line])).toEqual([])
  expect(findProblems(books, [...phones, '+5511960000001'], [line]).join()).toContain('not in the books')
  expect(findProblems(books, phones, []).join()).toContain('never accepted')
  expect(findProblems(books, phones, [line, { ...line, messageId: '3EB0000000010000000020' }]).join()).toContain(
    'was accepted under',
  )
  expect(findProblems(books, phones, [line, { ...line, bodySha256: 'b' }]).join()).toContain('another body')
  const second = { ...line, messageId: '3EB0000000010000000011' }
  expect(findProblems({ ...books, steps: 2 }, phones, [line, second])).toEqual([])
  expect(findProblems({ ...books, steps: 2 }, phones, [line]).join()).toContain('never accepted')
  expect(findProblems({ ...books, counts: { ...books.counts, sent: 2 } }, phones, [line]).join()).toContain(
    'The counter says 2 sent',
  )
  const failed = {
    ...books,
    rows: [{ id: 1, phone: '+5511960000000', status: 'failed' as const }],
    counts: { ...books.counts, sent: 0, failed: 1 },
  }
  expect(findProblems(failed, phones, [line]).join()).toContain('were accepted and are not called so')
  const skipped = {
    ...books,
    rows: [{ id: 1, phone: '+5511960000000', status: 'skipped' as const, reason: 'SUPPRESSED' }],
    counts: { ...books.counts, sent: 0, skipped: 1 },
  }
  expect(findProblems(skipped, phones, [])).toEqual([])
  expect(findProblems(skipped, phones, [line]).join()).toContain('were accepted and are not called so')
  const silent = { ...skipped, rows: [{ id: 1, phone: '+5511960000000', status: 'skipped' as const, reason: null }] }
  expect(findProblems(silent, phones, []).join()).toContain('without a reason')
})

test('the oracle sees requests that came too close together', () => {
  const line = {
    kind: 'read' as const,
    user: '',
    number: '',
    messageId: '',
    bodySha256: '',
    type: 'text' as const,
    verdict: '',
  }
  const readAt = (seconds: number): LedgerLine => ({ ...line, t: new Date(seconds * 1000).toISOString() })
  const everyFive = Array.from({ length: 30 }, (_, i) => readAt(5 * i))
  expect(findHaste(everyFive, 5000)).toEqual([])
  expect(findHaste([...everyFive, readAt(7), readAt(8)], 5000)).toHaveLength(1)
  expect(findHaste([...everyFive, readAt(7), readAt(8)], 0)).toEqual([])
})

test('the oracle names a secret that the servers wrote, without repeating it', () => {
  const problems = leaksInLines(['all well', 'GET /hooks/abc-secret-of-many-letters'], {
    key: 'secret-of-many-letters',
  })
  expect(problems).toHaveLength(1)
  expect(problems[0]).not.toContain('many-letters')
})
