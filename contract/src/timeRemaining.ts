export const LANGUAGES = ['pt', 'en', 'es'] as const
export type Language = (typeof LANGUAGES)[number]

const MINUTE_S = 60
const HOUR_S = 60 * MINUTE_S
const DAY_S = 24 * HOUR_S
/** Nobody waits longer; it also keeps the number out of exponent notation. */
const LONGEST_S = 99_999 * DAY_S

const LEFT: Record<Language, (duration: string) => string> = {
  pt: (duration) => `${duration} restantes`,
  en: (duration) => `${duration} left`,
  es: (duration) => `${duration} restantes`,
}

const LESS_THAN_A_MINUTE_LEFT: Record<Language, string> = {
  pt: 'menos de 1min restante',
  en: 'less than 1min left',
  es: 'menos de 1min restante',
}

/**
 * The time left in words: from one day `2d 3h restantes`, from one hour `2h 30min restantes`, from one minute
 * `45min restantes`, below `menos de 1min restante`. Rounds down; null when `seconds` is not known.
 */
export function formatTimeRemaining(seconds: number | null, language: Language): string | null {
  if (seconds === null || !Number.isFinite(seconds)) return null
  if (seconds < MINUTE_S) return LESS_THAN_A_MINUTE_LEFT[language]
  return LEFT[language](formatDuration(seconds))
}

/**
 * A span of time in its two largest units, rounded down: `2d 3h`, `2h 30min`, `45min`, `12s`.
 * The same in the three languages. Below zero counts as zero.
 */
export function formatDuration(seconds: number): string {
  const whole = Math.floor(Math.min(Math.max(seconds, 0), LONGEST_S))
  if (whole < MINUTE_S) return `${whole}s`
  if (whole < HOUR_S) return `${Math.floor(whole / MINUTE_S)}min`
  if (whole < DAY_S) return `${Math.floor(whole / HOUR_S)}h ${Math.floor((whole % HOUR_S) / MINUTE_S)}min`
  return `${Math.floor(whole / DAY_S)}d ${Math.floor((whole % DAY_S) / HOUR_S)}h`
}
