import { useState } from 'react'
import type { z } from 'zod'
import { readStoredJson, removeStored, writeStored } from './storage.ts'

/**
 * What is being typed, kept on this device under `key` until `discard`: a reload, a crash or the way back loses nothing.
 * What is stored and does not fit the schema any more gives `empty`.
 */
export function useStoredDraft<T>(key: string, schema: z.ZodType<T>, empty: T) {
  const [draft, setDraft] = useState<T>(() => schema.safeParse(readStoredJson(key)).data ?? empty)
  const change = (next: T) => {
    setDraft(next)
    writeStored(key, JSON.stringify(next))
  }
  const discard = () => {
    removeStored(key)
    setDraft(empty)
  }
  return { draft, change, discard }
}
