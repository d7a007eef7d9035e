import { useTranslation } from 'react-i18next'
import type { ContactImport } from '#contract/imports.ts'
import { ConfirmCall } from '../../../lib/ConfirmCall.tsx'
import { hasEnded } from '../api/getImport.ts'
import { useDeleteImport } from '../api/deleteImport.ts'

/** Removes a list that has ended, or stops one that is being read; asks first. */
export function DeleteImportDialog({ contactImport, onClose }: { contactImport: ContactImport; onClose: () => void }) {
  const { t } = useTranslation()
  const remove = useDeleteImport(onClose)
  const act = hasEnded(contactImport) ? 'delete' : contactImport.status === 'preview' ? 'discard' : 'cancel'
  return (
    <ConfirmCall
      title={t(`imports.${act}Title`, { name: contactImport.fileName })}
      confirmLabel={t(`imports.${act}Confirm`)}
      call={remove}
      onConfirm={() => remove.mutate(contactImport.id)}
      onClose={onClose}
    >
      <p>{t(`imports.${act}Text`)}</p>
    </ConfirmCall>
  )
}
