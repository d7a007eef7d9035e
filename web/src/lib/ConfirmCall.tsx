import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { ConfirmDialog } from '../ui/Dialog.tsx'
import { ErrorNotice } from './ErrorNotice.tsx'

type Props = {
  title: string
  confirmLabel: string
  call: { isPending: boolean; error: unknown }
  /** A failure that may pass offers to try again beside its words, too. */
  offersRetry?: boolean
  onConfirm: () => void
  onClose: () => void
  children: ReactNode
}

/** Asks before a call that cannot be undone. Stays open while the call is on its way, and says why it failed. */
export function ConfirmCall({ title, confirmLabel, call, offersRetry = false, onConfirm, onClose, children }: Props) {
  const { t } = useTranslation()
  return (
    <ConfirmDialog
      open
      title={title}
      confirmLabel={confirmLabel}
      cancelLabel={t('common.back')}
      busy={call.isPending}
      onConfirm={onConfirm}
      onCancel={onClose}
    >
      {children}
      {call.error !== null && <ErrorNotice error={call.error} onRetry={offersRetry ? onConfirm : undefined} />}
    </ConfirmDialog>
  )
}
