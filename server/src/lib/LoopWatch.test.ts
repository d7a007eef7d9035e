import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { LoopWatch } from './LoopWatch.ts'
import type { Log } from './logger.ts'

test('a stall of more than a second is reported once and kept until it is asked for', async () => {
  const warnings: { ms: number }[] = []
  const watch = new LoopWatch({ warn: (about: { ms: number }) => warnings.push(about) } as unknown as Log)
  watch.start()
  await sleep(300)
  expect(warnings).toEqual([])
  const until = performance.now() + 1500
  while (performance.now() < until);
  await sleep(300)
  await watch.stop()
  expect(warnings).toHaveLength(1)
  expect(warnings[0]?.ms).toBeGreaterThanOrEqual(1000)
  expect(watch.takeMostMs()).toBe(warnings[0]?.ms)
  expect(watch.takeMostMs()).toBe(0)
})
