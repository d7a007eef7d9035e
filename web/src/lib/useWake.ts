import { useEffect, useRef } from 'react'

const TICK_MS = 5000
/** A tick that comes this late was slept through: a closed laptop, a tab that the browser froze. */
const SLEPT_MS = 20_000

/**
 * Calls `onWake` when the page may be behind without knowing: the device slept, the page came back from the browser's
 * memory or from the background, or the network returned.
 */
export function useWake(onWake: () => void): void {
  const latest = useRef(onWake)
  useEffect(() => {
    latest.current = onWake
  })
  useEffect(() => {
    let ticked = Date.now()
    const wake = () => {
      ticked = Date.now()
      if (document.visibilityState !== 'hidden') latest.current()
    }
    const timer = setInterval(() => {
      if (Date.now() - ticked > SLEPT_MS) wake()
      ticked = Date.now()
    }, TICK_MS)
    const returned = (event: PageTransitionEvent) => {
      if (event.persisted) wake()
    }
    document.addEventListener('visibilitychange', wake)
    window.addEventListener('online', wake)
    window.addEventListener('pageshow', returned)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', wake)
      window.removeEventListener('online', wake)
      window.removeEventListener('pageshow', returned)
    }
  }, [])
}
