import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Batcher } from './Batcher.ts'

type Deferred = PromiseWithResolvers<void>

/** A batcher whose batches end when told to; `batches` are those that began. */
function heldBatcher(options: { maxBatch?: number; maxWaiting?: number; waitMs?: number } = {}) {
  const batches: number[][] = []
  const holds: Deferred[] = []
  const batcher = new Batcher<number, number>({
    maxBatch: 3,
    maxWaiting: 5,
    waitMs: 1000,
    ...options,
    work: async (items) => {
      batches.push(items)
      const hold = Promise.withResolvers<void>()
      holds.push(hold)
      await hold.promise
      return items.map((item) => item * 10)
    },
  })
  return { batcher, batches, holds }
}

it('gives each its own result, one batch at a time, and takes along what came meanwhile', async () => {
  const { batcher, batches, holds } = heldBatcher()
  const results = [1, 2, 3, 4, 5].map((item) => batcher.add(item))
  expect(batches).toEqual([[1]])
  holds[0]?.resolve()
  expect(await results[0]).toBe(10)
  expect(batches).toEqual([[1], [2, 3, 4]])
  holds[1]?.resolve()
  expect(await Promise.all(results.slice(1, 4))).toEqual([20, 30, 40])
  holds[2]?.resolve()
  expect(await results[4]).toBe(50)
  expect(batches).toEqual([[1], [2, 3, 4], [5]])
})

it('refuses at once what finds no room, and goes on with the rest', async () => {
  const { batcher, holds } = heldBatcher({ maxWaiting: 2 })
  const taken = [1, 2, 3].map((item) => batcher.add(item))
  await expect(batcher.add(4)).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { retryAfterSeconds: 1 } })
  holds[0]?.resolve()
  await taken[0]
  holds[1]?.resolve()
  expect(await Promise.all(taken)).toEqual([10, 20, 30])
})

it('lets nobody wait longer than allowed, and does not begin what nobody waits for any more', async () => {
  const { batcher, batches, holds } = heldBatcher({ waitMs: 30 })
  const refused = await Promise.allSettled([1, 2].map((item) => batcher.add(item)))
  expect(refused.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  holds[0]?.resolve()
  await sleep(5)
  expect(batches).toEqual([[1]])
  const next = batcher.add(3)
  holds[1]?.resolve()
  expect(await next).toBe(30)
})

it('tells everybody in a batch what it failed with, and nobody in the next', async () => {
  const { batcher, holds } = heldBatcher()
  const results = [1, 2, 3].map((item) => batcher.add(item))
  holds[0]?.reject(new Error('gone'))
  await expect(results[0]).rejects.toThrow('gone')
  holds[1]?.resolve()
  expect(await Promise.all(results.slice(1))).toEqual([20, 30])
})

it('works outside of what its callers stand in', async () => {
  const place = new AsyncLocalStorage<string>()
  const seen: unknown[] = []
  const batcher = new Batcher<number, number>({
    maxBatch: 1,
    maxWaiting: 5,
    waitMs: 1000,
    work: async (items) => {
      seen.push(place.getStore())
      return items
    },
  })
  await place.run('a request', () => Promise.all([batcher.add(1), batcher.add(2)]))
  expect(seen).toEqual([undefined, undefined])
})
