import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { type Language } from '#contract/timeRemaining.ts'
import { LOCALES, toLanguage } from './i18n.ts'

export type Format = ReturnType<typeof makeFormat>

/** Numbers, dates and names as the reader's language writes them. */
export function makeFormat(language: Language) {
  const locale = LOCALES[language]
  // Spanish leaves the point out of four-digit numbers; in a column of counts that reads as a mistake.
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 1, useGrouping: 'always' })
  const instant = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' })
  const date = new Intl.DateTimeFormat(locale, { dateStyle: 'short' })
  const time = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
  const regions = new Intl.DisplayNames(locale, { type: 'region' })
  const size = new Intl.NumberFormat(locale, { style: 'unit', unit: 'megabyte', maximumFractionDigits: 1 })
  return {
    language,
    number: (value: number) => number.format(value),
    instant: (iso: string) => instant.format(new Date(iso)),
    date: (day: Date) => date.format(day),
    time: (iso: string) => time.format(new Date(iso)),
    region: (code: string) => regions.of(code) ?? code,
    megabytes: (bytes: number) => size.format(bytes / 1_000_000),
  }
}

export function useFormat(): Format {
  const { i18n } = useTranslation()
  const language = toLanguage(i18n.language)
  return useMemo(() => makeFormat(language), [language])
}
