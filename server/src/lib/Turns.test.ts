import { expect, it } from 'vitest'
import { Turns } from './Turns.ts'

it('lets so many work at once, the rest in their order, and turns away who would wait too long', async () => {
  const turns = new Turns({ atOnce: 2, mayWait: 2 })
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>())
  const started: number[] = []
  const works = gates.map((gate, n) =>
    turns.take(async () => {
      started.push(n)
      await gate.promise
      if (n === 1) throw new Error('broken')
      return n
    }),
  )
  const refused = turns.take(async () => 5).catch((error: unknown) => error)
  expect(started).toEqual([0, 1])
  const broken = works[1]?.catch((error: unknown) => error)
  gates[1]?.resolve()
  expect(await refused).toMatchObject({ code: 'UNAVAILABLE' })
  expect(await broken).toMatchObject({ message: 'broken' })
  expect(started).toEqual([0, 1, 2])
  gates.forEach(({ resolve }) => resolve())
  expect(await Promise.all([works[0], works[2], works[3]])).toEqual([0, 2, 3])
  expect(await turns.take(async () => 6)).toBe(6)
})
