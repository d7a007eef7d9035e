import { ApiError } from '../../lib/ApiError.ts'
import { deleteContact } from './api/contact.ts'

/** Requests under way at once: quick enough for hundreds, without taking the server for oneself. */
const AT_ONCE = 4

/** `failure`: what ended it before everybody was out; null when everybody is. */
export type Removal = { done: number[]; failure: { error: unknown } | null }

/**
 * Takes contacts out of the list one by one; somebody who is gone already counts. Stops at the first refusal, and says
 * who was taken out until then. `onProgress` gets how many are done.
 */
export async function removeContacts(ids: readonly number[], onProgress: (done: number) => void): Promise<Removal> {
  const waiting = [...ids]
  const removal: Removal = { done: [], failure: null }
  const work = async () => {
    for (let id = waiting.shift(); id !== undefined && removal.failure === null; id = waiting.shift()) {
      try {
        await removeOne(id)
        removal.done.push(id)
        onProgress(removal.done.length)
      } catch (error) {
        removal.failure = { error }
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return removal
}

async function removeOne(id: number): Promise<void> {
  try {
    await deleteContact(id)
  } catch (error) {
    if (!(error instanceof ApiError && error.code === 'NOT_FOUND')) throw error
  }
}
