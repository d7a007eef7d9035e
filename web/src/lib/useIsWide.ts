import { useSyncExternalStore } from 'react'

const QUERY = '(min-width: 48rem)'

function subscribe(listener: () => void): () => void {
  const media = window.matchMedia(QUERY)
  media.addEventListener('change', listener)
  return () => media.removeEventListener('change', listener)
}

/** Whether there is room for a column beside the page: Tailwind's `md`, for what exists only on one side of it. */
export function useIsWide(): boolean {
  // jsdom has no media: tests see the wide layout.
  const hasMedia = typeof window.matchMedia === 'function'
  return useSyncExternalStore(
    hasMedia ? subscribe : () => () => {},
    () => !hasMedia || window.matchMedia(QUERY).matches,
  )
}
