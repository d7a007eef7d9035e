import { useSyncExternalStore } from 'react'

export type ToastTone = 'good' | 'info' | 'warn'
export type ToastMessage = {
  /** What was done, in a few words. */
  title: string
  text?: string
  tone?: ToastTone
  action?: { label: string; onSelect: () => void }
}
export type QueuedToast = ToastMessage & { id: number }

/*
 * What was said and not yet taken over by `Toasts`, whose code is loaded when there is first something to say.
 */
let queue: readonly QueuedToast[] = []
let nextId = 1
const listeners = new Set<() => void>()

function change(next: readonly QueuedToast[]): void {
  queue = next
  for (const listener of listeners) listener()
}

/** Says in passing that something went well. What went wrong stands where it happened (`Notice`), and stays. */
export function showToast(message: ToastMessage): void {
  change([...queue, { ...message, id: nextId++ }])
}

/** Takes what waits, once. */
export function takeToasts(): readonly QueuedToast[] {
  const taken = queue
  if (taken.length > 0) change([])
  return taken
}

export function useQueuedToasts(): readonly QueuedToast[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => queue,
  )
}
