import type { TFunction } from 'i18next'
import { ApiError } from './ApiError.ts'

/** Why the server finds a password too easy; undefined when the error is about something else. */
export function weakPasswordText(t: TFunction, error: unknown): string | undefined {
  if (!(error instanceof ApiError) || error.code !== 'PASSWORD_TOO_WEAK') return undefined
  const { details } = error
  const isPersonal =
    typeof details === 'object' && details !== null && 'reason' in details && details.reason === 'personal'
  return isPersonal ? t('settings.weak.personal') : t('settings.weak.common')
}
