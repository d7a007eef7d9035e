import { useTranslation } from 'react-i18next'
import type { ContactImport } from '#contract/imports.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { ConfirmDialog } from '../../../ui/Dialog.tsx'
import { hasEnded } from '../api/getImport.ts'
import { useDeleteImport } from '../api/deleteImport.ts'

/** Removes a list that has ended, or stops one that is being read; asks first. */
export function DeleteImportDialog({ contactImport, onClose }: { contactImport: ContactImport; onClose: () => void }) {
  const { t } = useTranslation()
  const remove = useDeleteImport(onClose)
  const act = hasEnded(contactImport) ? 'delete' : contactImport.status === 'preview' ? 'discard' : 'cancel'
  return (
    <ConfirmDialog
      open
      title={t(`imports.${act}Title`, { name: contactImport.fileName })}
      confirmLabel={t(`imports.${act}Confirm`)}
      cancelLabel={t('common.back')}
      busy={remove.isPending}
      onConfirm={() => remove.mutate(contactImport.id)}
      onCancel={onClose}
    >
      <p>{t(`imports.${act}Text`)}</p>
      {remove.error !== null && <ErrorNotice error={remove.error} />}
    </ConfirmDialog>
  )
}
