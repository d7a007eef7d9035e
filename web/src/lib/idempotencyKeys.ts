import { randomId } from './randomId.ts'

/**
 * Keys under which the server knows one creation. The same body keeps its key, so pressing again after an answer that
 * never arrived cannot create twice; any change, and `forget` after success, makes a new one.
 */
export function idempotencyKeys() {
  let last = { body: '', key: '' }
  return {
    keyFor(body: unknown): string {
      const text = JSON.stringify(body)
      if (text !== last.body) last = { body: text, key: randomId() }
      return last.key
    },
    forget(): void {
      last = { body: '', key: '' }
    },
  }
}
