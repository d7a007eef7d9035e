import { useTranslation } from 'react-i18next'
import type { ContactImport } from '#contract/imports.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { useFormat } from '../../../lib/useFormat.ts'
import { ConfirmDialog } from '../../../ui/Dialog.tsx'
import { useUndoImport } from '../api/undoImport.ts'

/** Takes back what a file has put into the contacts; asks first. */
export function UndoImportDialog({ contactImport, onClose }: { contactImport: ContactImport; onClose: () => void }) {
  const { t } = useTranslation()
  const format = useFormat()
  const undo = useUndoImport(onClose)
  const { fileName, created } = contactImport
  return (
    <ConfirmDialog
      open
      title={t('imports.undoTitle', { name: fileName })}
      confirmLabel={t('imports.undoConfirm')}
      cancelLabel={t('common.back')}
      busy={undo.isPending}
      onConfirm={() => undo.mutate(contactImport.id)}
      onCancel={onClose}
    >
      <p>{t('imports.undoText', { count: created, n: format.number(created) })}</p>
      {undo.error !== null && <ErrorNotice error={undo.error} />}
    </ConfirmDialog>
  )
}
