import { useEffect, useRef, useState } from 'react'

/** A value once nothing has changed for `quietMs`. What is compared is its JSON. */
export function useSettled<T>(value: T, quietMs: number): T {
  const [settled, setSettled] = useState(value)
  const latest = useRef(value)
  useEffect(() => {
    latest.current = value
  }, [value])
  const text = JSON.stringify(value)
  const settledText = JSON.stringify(settled)
  useEffect(() => {
    if (text === settledText) return
    const timer = setTimeout(() => setSettled(latest.current), quietMs)
    return () => clearTimeout(timer)
  }, [text, settledText, quietMs])
  return settled
}
