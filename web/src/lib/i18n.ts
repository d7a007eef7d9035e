import i18next from 'i18next'
import { LANGUAGES, type Language } from '#contract/timeRemaining.ts'
import type pt from '../text/pt.json'
import { readStored, writeStored } from './storage.ts'
import texts from './texts/i18next.ts'
import type { Catalogue } from './texts/TextStore.ts'

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation'
    resources: { translation: typeof pt }
  }
}

const KEY = 'language'

type Load = () => Promise<{ default: Catalogue }>
// Each language is a chunk of its own: only the one that is read gets loaded.
const CATALOGUES: Record<Language, Load> = {
  pt: () => import('../text/pt.json'),
  en: () => import('../text/en.json'),
  es: () => import('../text/es.json'),
}
// What the first page says comes alone and at once.
const FIRST: Record<Language, Load> = {
  pt: () => import('../text/pt.json?first'),
  en: () => import('../text/en.json?first'),
  es: () => import('../text/es.json?first'),
}

export const LOCALES: Record<Language, string> = { pt: 'pt-BR', en: 'en', es: 'es' }

/** Starts with the language chosen before, else Portuguese, and with the texts of the first page. */
export async function startI18n(): Promise<void> {
  const stored = readStored(KEY)
  const language = LANGUAGES.find((known) => known === stored) ?? 'pt'
  await i18next.init({
    lng: language,
    resources: { [language]: { translation: (await FIRST[language]()).default } },
  })
  document.documentElement.lang = LOCALES[language]
  // Whoever says something that is not there yet gets it a moment later; pages wait for it (see the router).
  texts.store.onMissing = () => void loadAllTexts()
}

/** All texts of the language shown. A page's code calls it before the page is drawn. */
export function loadAllTexts(): Promise<void> {
  const language = toLanguage(i18next.language)
  loading ??= CATALOGUES[language]().then(({ default: catalogue }) => {
    texts.store.onMissing = undefined
    texts.store.setCatalogue(language, catalogue)
  })
  loading.catch(() => (loading = undefined))
  return loading
}
let loading: Promise<void> | undefined

/** Loads a language and shows everything in it, now and next time. */
export async function changeLanguage(language: Language): Promise<void> {
  i18next.addResourceBundle(language, 'translation', (await CATALOGUES[language]()).default)
  await i18next.changeLanguage(language)
  texts.store.onMissing = undefined
  document.documentElement.lang = LOCALES[language]
  writeStored(KEY, language)
}

/** The language shown now. */
export function toLanguage(text: string | undefined): Language {
  return LANGUAGES.find((known) => known === text) ?? 'pt'
}
