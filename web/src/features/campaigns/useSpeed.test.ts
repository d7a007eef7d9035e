import { expect, test } from 'vitest'
import { speedOf, withSample } from './useSpeed.ts'

type Samples = Parameters<typeof speedOf>[0]

function after(seconds: number, accepted: number) {
  return { at: seconds * 1000, accepted }
}

test('the speed now is that of the last quarter of a minute, not of the whole run', () => {
  const samples = [after(0, 0), after(60, 60), after(120, 120), after(135, 165)]
  expect(speedOf(samples).now).toBe(180)
})

test('one look is too little to tell', () => {
  expect(speedOf([after(0, 50)])).toEqual({ now: null, line: [] })
})

test('a line of events a second stays at sixty points and five minutes', () => {
  let samples: Samples = []
  for (let second = 0; second <= 900; second++) samples = withSample(samples, after(second, second * 2))
  expect(samples.length).toBeLessThanOrEqual(62)
  expect((samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0)).toBeLessThanOrEqual(300_000)
  expect(speedOf(samples).now).toBe(120)
  for (const rate of speedOf(samples).line) expect(rate).toBeCloseTo(120)
})

test('an answer that is no newer changes nothing, and a count that falls is no negative speed', () => {
  const samples = [after(0, 10), after(20, 20)]
  expect(withSample(samples, after(20, 25))).toBe(samples)
  expect(speedOf([...samples, after(40, 15)]).line).toEqual([30, 0])
})
