import { useTranslation } from 'react-i18next'
import type { Suppression } from '#contract/suppressions.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { formatPhone } from '../../../lib/formatPhone.ts'
import { ConfirmDialog } from '../../../ui/Dialog.tsx'
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
    <ConfirmDialog
      open
      title={t('suppressions.removeTitle', { phone: formatPhone(suppression.phone ?? '') })}
      confirmLabel={t('suppressions.removeConfirm')}
      cancelLabel={t('common.back')}
      busy={remove.isPending}
      onConfirm={() => remove.mutate(suppression.id)}
      onCancel={onClose}
    >
      <p>{t(`suppressions.removeText.${suppression.reason}`)}</p>
      {remove.error !== null && <ErrorNotice error={remove.error} onRetry={() => remove.mutate(suppression.id)} />}
    </ConfirmDialog>
  )
}
