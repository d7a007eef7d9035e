import { randomInt } from 'node:crypto'

const UNIQUE_VIOLATION = '23505'
const MAX_DRAWS = 3

/** Runs `insert` with a tag drawn anew until it is free: a collision is one in four billion per campaign. */
export async function withMessageTag<T>(insert: (messageTag: number) => Promise<T>): Promise<T> {
  for (let draw = 1; ; draw++) {
    try {
      return await insert(randomInt(2 ** 32))
    } catch (error) {
      const { code, constraint } = error as { code?: unknown; constraint?: unknown }
      if (draw >= MAX_DRAWS || code !== UNIQUE_VIOLATION || constraint !== 'campaigns_message_tag_key') throw error
    }
  }
}
