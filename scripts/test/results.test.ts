import { describe, expect, test } from 'vitest'
import { countsLine, exitCodeOf, runnerResult, sum } from './results.ts'
import { countReport } from './runVitest.ts'

const fine = { code: 0, output: '', seconds: 1 }
const broken = { code: 1, output: 'out of memory', seconds: 1 }
const none = { passed: 0, failed: 0, skipped: 0 }

describe('the closing line', () => {
  test('says how many passed and failed, and the skipped only when there are any', () => {
    expect(countsLine({ passed: 3, failed: 0, skipped: 0 })).toBe('3 passed, 0 failed')
    expect(countsLine({ passed: 3, failed: 1, skipped: 2 })).toBe('3 passed, 1 failed, 2 skipped')
  })

  test('adds up all parts', () => {
    expect(
      sum([
        { passed: 1, failed: 2, skipped: 3 },
        { passed: 10, failed: 20, skipped: 30 },
      ]),
    ).toEqual({ passed: 11, failed: 22, skipped: 33 })
  })
})

describe('the run fails', () => {
  test.each([
    ['a test fails', { passed: 9, failed: 1, skipped: 0 }],
    ['a test is skipped', { passed: 9, failed: 0, skipped: 1 }],
    ['nothing ran', none],
  ])('when %s', (_, counts) => {
    expect(exitCodeOf(counts)).toBe(1)
  })

  test('when a runner breaks off after only passing tests', () => {
    expect(runnerResult('x', broken, { passed: 5, failed: 0, skipped: 0 })).toMatchObject({ passed: 5, failed: 1 })
  })

  test('when a runner leaves no count, or found nothing to run', () => {
    expect(runnerResult('x', broken, null)).toMatchObject({ passed: 0, failed: 1 })
    expect(runnerResult('x', fine, none)).toMatchObject({ passed: 0, failed: 1 })
  })
})

test('the run is green when all passed', () => {
  expect(exitCodeOf({ passed: 1, failed: 0, skipped: 0 })).toBe(0)
  expect(runnerResult('x', fine, { passed: 5, failed: 0, skipped: 0 })).toMatchObject({
    passed: 5,
    failed: 0,
    skipped: 0,
  })
})

test('a failed test counts once, whatever else the runner says about it', () => {
  expect(runnerResult('x', broken, { passed: 5, failed: 2, skipped: 0 })).toMatchObject({ passed: 5, failed: 2 })
})

describe('a report of vitest', () => {
  const withStatus = (...statuses: string[]) => statuses.map((status) => ({ status }))

  test('counts todo and pending as skipped', () => {
    const assertionResults = withStatus('passed', 'failed', 'pending', 'todo', 'skipped')
    expect(countReport({ testResults: [{ status: 'failed', assertionResults }] })).toEqual({
      passed: 1,
      failed: 1,
      skipped: 3,
    })
  })

  test('counts a file that cannot be loaded, or whose set-up fails, as one failure', () => {
    const testResults = [
      { status: 'failed', assertionResults: [] },
      { status: 'failed', assertionResults: withStatus('passed') },
      { status: 'passed', assertionResults: withStatus('passed', 'passed') },
    ]
    expect(countReport({ testResults })).toEqual({ passed: 3, failed: 2, skipped: 0 })
  })
})
