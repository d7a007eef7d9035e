import { Dialog as BaseDialog } from '@base-ui/react/dialog'
import type { ReactNode } from 'react'
import { cn } from './cn.ts'
import { Icon } from './icons.tsx'
import { backdropClass } from './overlay.ts'

type Props = {
  open: boolean
  onClose: () => void
  title: string
  closeLabel: string
  description?: ReactNode
  /** Stays in sight below what scrolls: the buttons of a form. */
  footer?: ReactNode
  width?: 'normal' | 'wide'
  children: ReactNode
}

const popup =
  'fixed z-50 flex flex-col bg-surface text-ink shadow-dialog outline-none transition-[opacity,transform] duration-(--calm) ease-(--ease) data-starting-style:opacity-0 data-ending-style:opacity-0 max-md:inset-x-0 max-md:bottom-0 max-md:max-h-[88dvh] max-md:rounded-t-card max-md:data-starting-style:translate-y-8 max-md:data-ending-style:translate-y-8 md:inset-y-0 md:right-0 md:data-starting-style:translate-x-8 md:data-ending-style:translate-x-8'

/** More about one thing, beside the page: from the right on a wide screen, from below on a phone. */
export function Sheet({ open, onClose, title, closeLabel, description, footer, width = 'normal', children }: Props) {
  return (
    <BaseDialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <BaseDialog.Portal>
        <BaseDialog.Backdrop className={backdropClass} />
        <BaseDialog.Popup className={cn(popup, width === 'wide' ? 'md:w-[44rem]' : 'md:w-[30rem]', 'md:max-w-[92vw]')}>
          <header className="flex items-start justify-between gap-4 border-b border-line px-5 py-4 sm:px-6">
            <div className="min-w-0 pt-1">
              <BaseDialog.Title className="text-xl font-bold">{title}</BaseDialog.Title>
              {description !== undefined && (
                <BaseDialog.Description render={<div />} className="mt-1 text-sm text-ink-soft">
                  {description}
                </BaseDialog.Description>
              )}
            </div>
            <BaseDialog.Close
              aria-label={closeLabel}
              className="-mr-2 flex h-11 w-11 shrink-0 items-center justify-center rounded-control text-ink-soft hover:bg-sunk"
            >
              <Icon name="close" />
            </BaseDialog.Close>
          </header>
          <div className="flex min-h-0 flex-1 flex-col gap-4 overflow-y-auto px-5 py-5 sm:px-6">{children}</div>
          {footer !== undefined && (
            <footer className="flex flex-wrap justify-end gap-3 border-t border-line px-5 pt-4 pb-[max(1rem,env(safe-area-inset-bottom))] sm:px-6">
              {footer}
            </footer>
          )}
        </BaseDialog.Popup>
      </BaseDialog.Portal>
    </BaseDialog.Root>
  )
}
