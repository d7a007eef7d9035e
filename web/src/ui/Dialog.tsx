import { AlertDialog } from '@base-ui/react/alert-dialog'
import { Dialog as BaseDialog } from '@base-ui/react/dialog'
import type { ReactNode } from 'react'
import { Button } from './Button.tsx'
import { cn } from './cn.ts'
import { Icon } from './icons.tsx'
import { backdropClass } from './overlay.ts'

const popup =
  'fixed z-50 flex max-h-[calc(100dvh-2rem)] flex-col gap-4 overflow-y-auto bg-surface p-5 text-ink shadow-dialog outline-none transition-[opacity,transform] duration-(--quick) data-starting-style:translate-y-3 data-starting-style:opacity-0 data-ending-style:opacity-0 inset-x-0 bottom-0 rounded-t-card sm:inset-x-auto sm:bottom-auto sm:top-1/2 sm:left-1/2 sm:w-[30rem] sm:-translate-x-1/2 sm:-translate-y-1/2 sm:rounded-card sm:p-6'

type DialogProps = {
  open: boolean
  onClose: () => void
  title: string
  closeLabel: string
  description?: ReactNode
  children: ReactNode
}

/** A sheet from below on a phone, a window on a wide screen. Focus stays inside and returns where it was. */
export function Dialog({ open, onClose, title, closeLabel, description, children }: DialogProps) {
  return (
    <BaseDialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <BaseDialog.Portal>
        <BaseDialog.Backdrop className={backdropClass} />
        <BaseDialog.Popup className={popup}>
          <div className="flex items-start justify-between gap-4">
            <BaseDialog.Title className="text-xl font-bold">{title}</BaseDialog.Title>
            <BaseDialog.Close
              aria-label={closeLabel}
              className="-mt-1.5 -mr-2 flex h-11 w-11 items-center justify-center rounded-control text-ink-soft hover:bg-sunk"
            >
              <Icon name="close" />
            </BaseDialog.Close>
          </div>
          {description !== undefined && (
            <BaseDialog.Description className="text-ink-soft">{description}</BaseDialog.Description>
          )}
          {children}
        </BaseDialog.Popup>
      </BaseDialog.Portal>
    </BaseDialog.Root>
  )
}

type ConfirmProps = {
  open: boolean
  title: string
  children: ReactNode
  confirmLabel: string
  cancelLabel: string
  busy?: boolean
  onConfirm: () => void
  onCancel: () => void
}

/** Asks before something that cannot be undone. The safe answer comes first and has the focus. */
export function ConfirmDialog({
  open,
  title,
  children,
  confirmLabel,
  cancelLabel,
  busy = false,
  onConfirm,
  onCancel,
}: ConfirmProps) {
  return (
    <AlertDialog.Root open={open} onOpenChange={(next) => !next && onCancel()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className={backdropClass} />
        <AlertDialog.Popup className={cn(popup)}>
          <AlertDialog.Title className="text-xl font-bold">{title}</AlertDialog.Title>
          <AlertDialog.Description render={<div />} className="flex flex-col gap-3 text-ink-soft">
            {children}
          </AlertDialog.Description>
          <div className="flex flex-col gap-3 sm:flex-row sm:justify-end">
            <AlertDialog.Close render={<Button look="secondary">{cancelLabel}</Button>} />
            <Button look="danger" busy={busy} onClick={onConfirm}>
              {confirmLabel}
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}
