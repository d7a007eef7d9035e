import { useTranslation } from 'react-i18next'
import type { CampaignContact } from '#contract/campaigns.ts'

/** Why somebody was left out, by the code that the books hold. */
const SKIP_REASONS = ['SUPPRESSED', 'EXCLUDED', 'RECENTLY_WRITTEN'] as const

/** The words for a code of the books; a code that this version does not know stands as it is. */
export function useSkipReason(): (code: string) => string {
  const { t } = useTranslation()
  return (code) => {
    const known = SKIP_REASONS.find((reason) => reason === code)
    if (known !== undefined) return t(`people.skip.${known}`)
    return code === '' ? t('people.skip.none') : code
  }
}

/** Why a person is in the state they are in; null where the state says it all. */
export function useReason(): (row: CampaignContact) => string | null {
  const { t } = useTranslation()
  const skipReason = useSkipReason()
  return ({ status, errorCategory, errorCode }) => {
    if (status === 'skipped') return skipReason(errorCode ?? '')
    if (status === 'unknown') return t('people.unknownReason')
    const isTrouble = status === 'failed' || status === 'retrying'
    return isTrouble && errorCategory !== null ? t(`failures.${errorCategory}.title`) : null
  }
}
