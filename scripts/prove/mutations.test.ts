import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { applyMutation, MUTATIONS, PROPERTIES } from './mutations.ts'

test('every property has a mutation', () => {
  expect(new Set(MUTATIONS.map(({ property }) => property))).toEqual(new Set(PROPERTIES))
})

test.each(MUTATIONS)('$property: what is changed so that $breaks is there once, and its test too', async (mutation) => {
  const text = await readFile(mutation.file, 'utf8')
  expect(applyMutation(text, mutation)).not.toBe(text)
  const tests = await readFile(mutation.test.file, 'utf8')
  expect(tests.split(mutation.test.name)).toHaveLength(2)
})

test('a mutation that finds nothing to change, or more than one place, is refused', () => {
  const mutation = { ...(MUTATIONS[0] as (typeof MUTATIONS)[number]), from: 'x', to: 'y' }
  expect(() => applyMutation('abc', mutation)).toThrow('is not there any more')
  expect(() => applyMutation('x and x', mutation)).toThrow('is there 2 times')
})
