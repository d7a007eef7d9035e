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
  const hour = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' })
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 })
  const weekday = new Intl.DateTimeFormat(locale, { weekday: 'short', timeZone: 'UTC' })
  const weekdayName = new Intl.DateTimeFormat(locale, { weekday: 'long', timeZone: 'UTC' })
  const regions = new Intl.DisplayNames(locale, { type: 'region' })
  const size = new Intl.NumberFormat(locale, { style: 'unit', unit: 'megabyte', maximumFractionDigits: 1 })
  const small = new Intl.NumberFormat(locale, { style: 'unit', unit: 'kilobyte', maximumFractionDigits: 1 })
  return {
    language,
    number: (value: number) => number.format(value),
    instant: (iso: string) => instant.format(new Date(iso)),
    date: (day: Date) => date.format(day),
    time: (iso: string) => time.format(new Date(iso)),
    /** The hour alone when it is today's, otherwise with its day. */
    when: (iso: string) => (isToday(iso) ? hour : instant).format(new Date(iso)),
    /** A plan's hour as the clocks of its zone show it; the zone is named where it is not the reader's. */
    instantIn: (iso: string, timeZone: string) => formatInZone(iso, timeZone, locale),
    /** `seg.`; 0 is Sunday. */
    weekday: (day: number) => weekday.format(sundayPlus(day)),
    /** `segunda-feira`; 0 is Sunday. */
    weekdayName: (day: number) => weekdayName.format(sundayPlus(day)),
    /** 0.987 → 98.7% */
    percent: (share: number) => percent.format(share),
    region: (code: string) => regions.of(code) ?? code,
    megabytes: (bytes: number) => size.format(bytes / 1_000_000),
    /** A file's size: a small one would be 0 MB. */
    fileSize: (bytes: number) => (bytes < 100_000 ? small.format(bytes / 1000) : size.format(bytes / 1_000_000)),
  }
}

function sundayPlus(days: number): number {
  return Date.UTC(2026, 10, 22 + days)
}

function isToday(iso: string): boolean {
  return new Date(iso).toDateString() === new Date().toDateString()
}

function formatInZone(iso: string, timeZone: string, locale: string): string {
  const at = new Date(iso)
  const text = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone }).format(at)
  const here = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(at)
  return text === here ? text : `${text} (${timeZone.replaceAll('_', ' ')})`
}

export function useFormat(): Format {
  const { i18n } = useTranslation()
  const language = toLanguage(i18n.language)
  return useMemo(() => makeFormat(language), [language])
}
