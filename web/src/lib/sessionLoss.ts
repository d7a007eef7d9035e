import { useSyncExternalStore } from 'react'

/*
 * Whether a call found this app's session gone while a page was open. The page stays as it is, with everything
 * typed in it, and asks for the password on top.
 */
let lost = false
const listeners = new Set<() => void>()

export function setSessionLost(next: boolean): void {
  lost = next
  for (const listener of listeners) listener()
}

export function useSessionLost(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => lost,
  )
}
