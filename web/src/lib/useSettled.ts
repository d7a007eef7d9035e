import { useEffect, useState } from 'react'

/** A value once nothing has changed for `quietMs`. What is compared is its JSON. */
export function useSettled<T>(value: T, quietMs: number): T {
  const [settled, setSettled] = useState(value)
  const text = JSON.stringify(value)
  useEffect(() => {
    if (text === JSON.stringify(settled)) return
    const timer = setTimeout(() => setSettled(value), quietMs)
    return () => clearTimeout(timer)
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [text, quietMs])
  return settled
}
