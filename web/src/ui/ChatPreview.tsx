import type { ReactNode } from 'react'
import { parseWhatsappText, type WhatsappToken } from '#contract/whatsappText.ts'
import { cn } from './cn.ts'

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

/** A text as WhatsApp shows it: *bold*, _italic_, ~struck out~ and ```monospace```, lines as they were written. */
export function WhatsappText({ text }: { text: string }) {
  return (
    <p dir="auto" className="whitespace-pre-wrap [overflow-wrap:anywhere]">
      <Tokens tokens={parseWhatsappText(text)} />
    </p>
  )
}

const TAGS = { bold: 'strong', italic: 'em', strike: 's' } as const

function Tokens({ tokens }: { tokens: readonly WhatsappToken[] }) {
  return tokens.map((token, index) => {
    // The place in the text is all that tells two pieces of it apart.
    const key = `${index}`
    if (token.kind === 'text') return <span key={key}>{token.text}</span>
    if (token.kind === 'mono') return <code key={key}>{token.text}</code>
    const Tag = TAGS[token.kind]
    return (
      <Tag key={key}>
        <Tokens tokens={token.children} />
      </Tag>
    )
  })
}
