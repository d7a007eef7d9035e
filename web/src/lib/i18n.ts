import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { LANGUAGES, type Language } from '#contract/timeRemaining.ts'
import type pt from '../text/pt.json'
import { readStored, writeStored } from './storage.ts'

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation'
    resources: { translation: typeof pt }
  }
}

const KEY = 'language'

// Each language is a chunk of its own: only the one that is read gets loaded.
const CATALOGUES: Record<Language, () => Promise<{ default: object }>> = {
  pt: () => import('../text/pt.json'),
  en: () => import('../text/en.json'),
  es: () => import('../text/es.json'),
}

export const LOCALES: Record<Language, string> = { pt: 'pt-BR', en: 'en', es: 'es' }

/** Starts with the language chosen before, else Portuguese. */
export async function startI18n(): Promise<void> {
  const stored = readStored(KEY)
  const language = LANGUAGES.find((known) => known === stored) ?? 'pt'
  await i18next.use(initReactI18next).init({
    lng: language,
    resources: { [language]: { translation: (await CATALOGUES[language]()).default } },
    interpolation: { escapeValue: false },
    returnNull: false,
  })
  document.documentElement.lang = LOCALES[language]
}

/** Loads a language and shows everything in it, now and next time. */
export async function changeLanguage(language: Language): Promise<void> {
  i18next.addResourceBundle(language, 'translation', (await CATALOGUES[language]()).default)
  await i18next.changeLanguage(language)
  document.documentElement.lang = LOCALES[language]
  writeStored(KEY, language)
}

/** The language shown now. */
export function toLanguage(text: string | undefined): Language {
  return LANGUAGES.find((known) => known === text) ?? 'pt'
}
