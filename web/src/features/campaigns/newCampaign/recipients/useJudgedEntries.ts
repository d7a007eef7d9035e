import { useDeferredValue, useEffect, useMemo, useState } from 'react'
import type { JudgedEntry } from '../plan/judgeTyped.ts'

type Rules = typeof import('../plan/judgeTyped.ts')
let loading: Promise<Rules> | undefined

/** What each entry of the box means. Null while the rules, a chunk of their own, are on their way. */
export function useJudgedEntries(text: string, country: string): { entries: JudgedEntry[]; rules: Rules } | null {
  const [rules, setRules] = useState<Rules | null>(null)
  const isNeeded = text.trim() !== ''
  useEffect(() => {
    if (!isNeeded || rules !== null) return
    let isWanted = true
    loading ??= import('../plan/judgeTyped.ts')
    loading
      .then((loaded) => isWanted && setRules(loaded))
      // The next key asks again; the server judges in any case.
      .catch(() => (loading = undefined))
    return () => void (isWanted = false)
  }, [isNeeded, rules, text])
  // The letter is on the screen before the five hundred are judged.
  const settled = useDeferredValue(text)
  return useMemo(
    () => (rules === null ? null : { entries: rules.judgeTyped(settled, country), rules }),
    [rules, settled, country],
  )
}
