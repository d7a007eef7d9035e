import { useTranslation } from 'react-i18next'
import type { ContactImport } from '#contract/imports.ts'
import { ConfirmCall } from '../../../lib/ConfirmCall.tsx'
import { useFormat } from '../../../lib/useFormat.ts'
import { useUndoImport } from '../api/undoImport.ts'

/** Takes back what a file has put into the contacts; asks first. */
export function UndoImportDialog({ contactImport, onClose }: { contactImport: ContactImport; onClose: () => void }) {
  const { t } = useTranslation()
  const format = useFormat()
  const undo = useUndoImport(onClose)
  const { fileName, created } = contactImport
  return (
    <ConfirmCall
      title={t('imports.undoTitle', { name: fileName })}
      confirmLabel={t('imports.undoConfirm')}
      call={undo}
      onConfirm={() => undo.mutate(contactImport.id)}
      onClose={onClose}
    >
      <p>{t('imports.undoText', { count: created, n: format.number(created) })}</p>
    </ConfirmCall>
  )
}
