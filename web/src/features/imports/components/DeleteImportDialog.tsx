import { useTranslation } from 'react-i18next'
import type { ContactImport } from '#contract/imports.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { ConfirmDialog } from '../../../ui/Dialog.tsx'
import { useDeleteImport } from '../api/deleteImport.ts'

export function DeleteImportDialog({ contactImport, onClose }: { contactImport: ContactImport; onClose: () => void }) {
  const { t } = useTranslation()
  const remove = useDeleteImport(onClose)
  return (
    <ConfirmDialog
      open
      title={t('imports.deleteTitle', { name: contactImport.fileName })}
      confirmLabel={t('imports.deleteConfirm')}
      cancelLabel={t('common.keep')}
      busy={remove.isPending}
      onConfirm={() => remove.mutate(contactImport.id)}
      onCancel={onClose}
    >
      <p>{t('imports.deleteText')}</p>
      {remove.error !== null && <ErrorNotice error={remove.error} />}
    </ConfirmDialog>
  )
}
