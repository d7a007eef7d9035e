import { useTranslation } from 'react-i18next'
import type { Suppression } from '#contract/suppressions.ts'
import { ConfirmCall } from '../../../lib/ConfirmCall.tsx'
import { formatPhone } from '../../../lib/formatPhone.ts'
import { showToast } from '../../../ui/toasts.ts'
import { useRemoveSuppression } from '../api/suppressions.ts'

/** Lets somebody be written to again, after asking: whoever asked to be left alone may complain. */
export function RemoveSuppressionDialog({ suppression, onClose }: { suppression: Suppression; onClose: () => void }) {
  const { t } = useTranslation()
  const remove = useRemoveSuppression(() => {
    showToast({ title: t('suppressions.removed') })
    onClose()
  })
  return (
    <ConfirmCall
      title={t('suppressions.removeTitle', { phone: formatPhone(suppression.phone ?? '') })}
      confirmLabel={t('suppressions.removeConfirm')}
      call={remove}
      offersRetry
      onConfirm={() => remove.mutate(suppression.id)}
      onClose={onClose}
    >
      <p>{t(`suppressions.removeText.${suppression.reason}`)}</p>
    </ConfirmCall>
  )
}
