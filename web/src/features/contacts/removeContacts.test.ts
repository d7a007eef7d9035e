import { expect, test } from 'vitest'
import { refusal, stubApi } from '../../../test/stubApi.ts'
import { removeContacts } from './removeContacts.ts'

const ids = Array.from({ length: 20 }, (_, index) => index + 1)
const gone = () => ({ status: 204 })

function stubDeletes(more: Parameters<typeof stubApi>[0] = {}) {
  return stubApi({ ...Object.fromEntries(ids.map((id) => [`DELETE /api/user/contacts/${id}`, gone])), ...more })
}

test('everybody is taken out once, and the progress is told', async () => {
  const calls = stubDeletes()
  const told: number[] = []
  const { done, failure } = await removeContacts(ids, (count) => told.push(count))
  expect(failure).toBeNull()
  expect(done.toSorted((a, b) => a - b)).toEqual(ids)
  expect(told).toEqual(ids)
  expect(calls).toHaveLength(ids.length)
})

test('after a refusal nobody else is asked for, and who was out until then is named', async () => {
  const calls = stubDeletes({ 'DELETE /api/user/contacts/2': () => refusal('UNAVAILABLE') })
  const { done, failure } = await removeContacts(ids, () => undefined)
  expect(failure?.error).toMatchObject({ code: 'UNAVAILABLE' })
  expect(done).not.toContain(2)
  // At most those under way at the time.
  expect(calls.length).toBeLessThan(ids.length / 2)
})

test('somebody who is gone already counts as taken out', async () => {
  stubDeletes({ 'DELETE /api/user/contacts/3': () => refusal('NOT_FOUND') })
  expect((await removeContacts(ids, () => undefined)).done).toHaveLength(ids.length)
})
