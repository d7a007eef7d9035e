import { Fragment, type ReactNode } from 'react'
import { parseWhatsappText, type WhatsappToken } from '#contract/whatsappText.ts'

/** A text as WhatsApp shows it: *bold*, _italic_, ~struck out~ and ```monospace```. The lines are the paragraph's. */
export function WhatsappText({ text }: { text: string }) {
  return <>{parseWhatsappText(text).map(shown)}</>
}

const TAGS = { bold: 'strong', italic: 'em', strike: 's' } as const

// The place in the text is all that tells two pieces of it apart.
function shown(token: WhatsappToken, key: number): ReactNode {
  if (token.kind === 'text') return <Fragment key={key}>{token.text}</Fragment>
  if (token.kind === 'mono') return <code key={key}>{token.text}</code>
  const Tag = TAGS[token.kind]
  return <Tag key={key}>{token.children.map(shown)}</Tag>
}
