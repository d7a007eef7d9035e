import { useTranslation } from 'react-i18next'
import { RECENTLY_WRITTEN } from '#contract/frequencyCap.ts'
import type { SingleMessage } from '#contract/messages.ts'
import { SUPPRESSED } from '#contract/suppressions.ts'
import { cityOf, instantIn } from '../../../lib/timeZones.ts'
import { useFormat } from '../../../lib/useFormat.ts'

/** The state in a word or two, and one sentence about what it means or what to do; empty where there is nothing to add. */
export function useMessageText(message: SingleMessage): { state: string; detail: string } {
  const { t } = useTranslation()
  const format = useFormat()
  const { state, reason, code, category, scheduledAt, timeZone, nextAttemptAt } = message
  return { state: t(`singleMessage.state.${state}`), detail: detailOf() }

  function detailOf(): string {
    if (state === 'scheduled' && scheduledAt !== null) {
      const at = instantIn(format.language, scheduledAt, timeZone)
      return t('singleMessage.scheduledFor', { at, city: cityOf(timeZone) })
    }
    if (state === 'waiting' && reason !== null) {
      if (reason !== 'retry') return t(`singleMessage.waits.${reason}`)
      if (nextAttemptAt === null) return t('singleMessage.retrySoon')
      return t('singleMessage.retryAt', { at: format.time(nextAttemptAt) })
    }
    if (state === 'failed') return failureOf()
    if (state === 'unknown' || state === 'missed') return t(`singleMessage.detail.${state}`)
    return ''
  }

  function failureOf(): string {
    if (code === SUPPRESSED) return t('singleMessage.suppressed')
    if (code === RECENTLY_WRITTEN) return t('singleMessage.recentlyWritten')
    if (category === null) return t('singleMessage.detail.failed')
    return `${t(`failures.${category}.title`)}. ${t(`failures.${category}.todo`)}`
  }
}
