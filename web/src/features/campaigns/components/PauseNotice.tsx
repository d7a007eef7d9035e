import { useTranslation } from 'react-i18next'
import type { PauseReason } from '#contract/states.ts'
import { Notice } from '../../../ui/Notice.tsx'

/** Why the campaign stands still and what to do about it. */
export function PauseNotice({ reason }: { reason: PauseReason }) {
  const { t } = useTranslation()
  return (
    <Notice tone={reason === 'user' ? 'info' : 'warn'} title={t(`pause.${reason}.title`)}>
      {t(`pause.${reason}.todo`)}
    </Notice>
  )
}
