import { useSyncExternalStore } from 'react'
import texts from './i18next.ts'

export const initReactI18next = {}

/** The texts of the language shown now; whoever uses it is drawn anew when that changes. */
export function useTranslation() {
  const t = useSyncExternalStore(
    (listener) => texts.store.subscribe(listener),
    () => texts.store.translate,
  )
  return { t, i18n: texts }
}
