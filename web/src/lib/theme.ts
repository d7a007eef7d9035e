import { useSyncExternalStore } from 'react'
import { removeStored, writeStored } from './storage.ts'

export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const KEY = 'theme'
const listeners = new Set<() => void>()

function currentTheme(): Theme {
  return THEMES.find((theme) => theme === document.documentElement.dataset['theme']) ?? 'system'
}

/** Shows a theme now and remembers it; `system` follows the device. `beforePaint.js` restores it on the next load. */
export function chooseTheme(theme: Theme): void {
  if (theme === 'system') {
    delete document.documentElement.dataset['theme']
    removeStored(KEY)
  } else {
    document.documentElement.dataset['theme'] = theme
    writeStored(KEY, theme)
  }
  for (const listener of listeners) listener()
}

/** A theme kept by an earlier visit is in storage before React starts; see `beforePaint.js`. */
export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, currentTheme)
}
