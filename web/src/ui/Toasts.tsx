import { Toast } from '@base-ui/react/toast'
import { useEffect } from 'react'
import { cn } from './cn.ts'
import { Icon } from './icons.tsx'
import { takeToasts, useQueuedToasts, type ToastTone } from './toasts.ts'

const TONES: Record<ToastTone, string> = { good: 'text-good-text', info: 'text-primary-text', warn: 'text-warn-text' }
/** Long enough to read two lines; whoever points at it or focuses it stops the clock. */
const SHOWN_MS = 6000

/** Where what `showToast` says appears: below, above the bar of a phone. */
export default function Toasts({ closeLabel }: { closeLabel: string }) {
  return (
    <Toast.Provider timeout={SHOWN_MS} limit={3}>
      <Taker />
      <Toast.Portal>
        <Toast.Viewport className="fixed inset-x-4 bottom-20 z-50 mx-auto flex max-w-md flex-col gap-2 outline-none md:right-6 md:bottom-6 md:left-auto md:mx-0 md:w-96">
          <List closeLabel={closeLabel} />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  )
}

function Taker() {
  const queued = useQueuedToasts()
  const { add } = Toast.useToastManager()
  useEffect(() => {
    if (queued.length === 0) return
    for (const { title, text, tone = 'good', action } of takeToasts()) {
      add({
        title,
        description: text,
        type: tone,
        ...(action === undefined ? {} : { actionProps: { children: action.label, onClick: action.onSelect } }),
      })
    }
  }, [queued, add])
  return null
}

function List({ closeLabel }: { closeLabel: string }) {
  const { toasts } = Toast.useToastManager()
  return toasts.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      className="rounded-card border border-line bg-surface p-4 shadow-dialog transition-[opacity,transform] duration-(--calm) data-ending-style:translate-y-2 data-ending-style:opacity-0 data-limited:hidden data-starting-style:translate-y-3 data-starting-style:opacity-0"
    >
      <Toast.Content className="flex items-start gap-3">
        <Icon
          name={toast.type === 'good' ? 'check' : 'info'}
          className={cn('mt-0.5', TONES[(toast.type ?? 'good') as ToastTone])}
        />
        <div className="min-w-0 flex-1">
          <Toast.Title className="font-semibold" />
          <Toast.Description className="text-sm text-ink-soft" />
          <Toast.Action className="mt-1 min-h-8 text-sm font-semibold text-primary-text underline underline-offset-4" />
        </div>
        <Toast.Close
          aria-label={closeLabel}
          className="-mt-1.5 -mr-1.5 flex h-9 w-9 shrink-0 items-center justify-center rounded-control text-ink-soft hover:bg-sunk"
        >
          <Icon name="close" className="h-4 w-4" />
        </Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ))
}
