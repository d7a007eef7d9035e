import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { failpoints, Failpoints, type FailpointPlan } from './failpoints.ts'

const armed = (...plan: FailpointPlan[]) => new Failpoints(JSON.stringify(plan))

test('no failpoint is armed without the variable', () => {
  expect(failpoints).toBeNull()
})

test('the nth pass acts, as often as asked', async () => {
  const points = armed({ at: 'before_settle', do: 'throw', nth: 2, times: 2 })
  const acted: boolean[] = []
  for (let pass = 0; pass < 5; pass++)
    acted.push(
      await points.pass('before_settle').then(
        () => false,
        () => true,
      ),
    )
  expect(acted).toEqual([false, true, true, false, false])
  await expect(points.pass('before_send')).resolves.toBeUndefined()
})

test('only passes of the named subject count', () => {
  const points = armed({ at: 'during_render', do: 'throw', only: '5511960000007' })
  expect(() => points.passNow('during_render', '+5511960000006')).not.toThrow()
  expect(() => points.passNow('during_render', '+5511960000007')).toThrow('during_render')
})

test('a marker file counts the acts of all processes that name it', () => {
  const directory = mkdtempSync(join(tmpdir(), 'revoada-failpoints-'))
  const plan: FailpointPlan = { at: 'before_renew', do: 'throw', marker: join(directory, 'marker') }
  try {
    expect(() => armed(plan).passNow('before_renew')).toThrow()
    expect(() => armed(plan).passNow('before_renew')).not.toThrow()
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('a delay lets the event loop turn, a busy loop does not', async () => {
  let turns = 0
  const timer = setInterval(() => (turns += 1), 5)
  await armed({ at: 'before_send', do: 'busy', ms: 50 }).pass('before_send')
  expect(turns).toBe(0)
  await armed({ at: 'before_send', do: 'delay', ms: 50 }).pass('before_send')
  clearInterval(timer)
  expect(turns).toBeGreaterThan(2)
})

test('a plan that names no failpoint is refused', () => {
  expect(() => new Failpoints('[{"at":"somewhere","do":"throw"}]')).toThrow()
})
