import { useTranslation } from 'react-i18next'
import { PHONE_ERRORS } from '#contract/phones.ts'
import { SUPPRESSED } from '#contract/suppressions.ts'
import type { DraftProblems } from '../useSingleMessageSender.ts'

/** The sentence for a field that cannot go as it stands; undefined while it can. */
export function useProblemText(problems: DraftProblems): (field: keyof DraftProblems) => string | undefined {
  const { t } = useTranslation()
  return (field) => {
    const found = problems[field]
    if (found === undefined) return undefined
    const phoneReason = PHONE_ERRORS.find((known) => known === found.reason)
    if (found.problem === 'required') return t('fields.required')
    if (found.problem === 'timePast') return t('singleMessage.timePast')
    if (found.problem === 'notOnWhatsapp') return t('singleMessage.invalid.NOT_ON_WHATSAPP')
    if (field === 'phone' && found.reason === SUPPRESSED) return t('singleMessage.suppressed')
    if (field === 'phone' && phoneReason !== undefined) return t(`singleMessage.invalid.${phoneReason}`)
    if (field === 'phone') return t('singleMessage.phoneRefused')
    return field === 'at' || field === 'timeZone' ? t('singleMessage.timeRefused') : t('fields.invalid')
  }
}
