import { Fragment, type ReactNode } from 'react'
import { parseWhatsappText, type WhatsappToken } from '#contract/whatsappText.ts'

/** A text as WhatsApp shows it: *bold*, _italic_, ~struck~ and ```fixed```. */
export function WhatsappText({ text }: { text: string }) {
  return <>{parseWhatsappText(text).map(shown)}</>
}

function shown(token: WhatsappToken, key: number): ReactNode {
  if (token.kind === 'text') return <Fragment key={key}>{token.text}</Fragment>
  if (token.kind === 'mono') return <code key={key}>{token.text}</code>
  const inner = token.children.map(shown)
  if (token.kind === 'bold') return <strong key={key}>{inner}</strong>
  return token.kind === 'italic' ? <em key={key}>{inner}</em> : <s key={key}>{inner}</s>
}
