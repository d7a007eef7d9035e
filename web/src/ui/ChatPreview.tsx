import type { ReactNode } from 'react'
import { cn } from './cn.ts'
import { WhatsappText } from './WhatsappText.tsx'

/** A phone's chat, as far as a message needs one: who it is shown for above, the bubbles below. */
export function ChatPreview({
  caption,
  children,
  className,
}: {
  caption: ReactNode
  children: ReactNode
  className?: string
}) {
  return (
    <figure
      className={cn(
        'flex min-w-0 flex-col overflow-hidden rounded-[1.75rem] border-4 border-line-strong bg-sunk',
        className,
      )}
    >
      <figcaption className="border-b border-line bg-surface px-4 py-2.5 text-sm">{caption}</figcaption>
      <div className="flex min-h-56 flex-1 flex-col justify-end gap-2 p-3">{children}</div>
    </figure>
  )
}

/** One message that goes out. */
export function ChatBubble({ children, faded = false }: { children: ReactNode; faded?: boolean }) {
  return (
    <div
      className={cn(
        'flex max-w-[88%] flex-col gap-2 self-end rounded-card rounded-tr-sm border border-line bg-primary-soft px-3 py-2 text-sm text-ink shadow-card',
        faded && 'opacity-70',
      )}
    >
      {children}
    </div>
  )
}

/** The words of a message in their bubble, lines as they were written. */
export function ChatText({ text }: { text: string }) {
  return (
    <p dir="auto" className="whitespace-pre-wrap [overflow-wrap:anywhere]">
      <WhatsappText text={text} />
    </p>
  )
}
