import type { ReactNode } from 'react'

const MARKED = /(```[\s\S]+?```|\*[^\s*](?:[^*\n]*[^\s*])?\*|_[^\s_](?:[^_\n]*[^\s_])?_|~[^\s~](?:[^~\n]*[^\s~])?~)/g

/** A text as WhatsApp shows it: *bold*, _italic_, ~struck~ and ```fixed```. */
export function whatsappText(text: string): ReactNode[] {
  return text.split(MARKED).map((part, index) => (index % 2 === 0 ? part : marked(part, index)))
}

function marked(part: string, key: number): ReactNode {
  if (part.startsWith('```')) return <code key={key}>{part.slice(3, -3)}</code>
  const inner = whatsappText(part.slice(1, -1))
  if (part.startsWith('*')) return <strong key={key}>{inner}</strong>
  if (part.startsWith('_')) return <em key={key}>{inner}</em>
  return <s key={key}>{inner}</s>
}
