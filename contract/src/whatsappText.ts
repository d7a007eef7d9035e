/** A part of a message as WhatsApp shows it. What stands in `mono` is shown as it is. */
export type WhatsappToken =
  | { kind: 'text'; text: string }
  | { kind: 'mono'; text: string }
  | { kind: 'bold' | 'italic' | 'strike'; children: WhatsappToken[] }

const KINDS = { '*': 'bold', _: 'italic', '~': 'strike' } as const
type Marker = keyof typeof KINDS
const MONO = '```'

/**
 * Reads WhatsApp's marks: *bold*, _italic_, ~struck out~ within one line, ```monospace``` also over several. A mark
 * counts at the edge of a word only (`snake_case` is no italic) and with its partner; any other is text. Nothing of the
 * text is lost, and the time grows with its length alone.
 */
export function parseWhatsappText(text: string): WhatsappToken[] {
  const closers = { '*': closersOf(text, '*'), _: closersOf(text, '_'), '~': closersOf(text, '~') }
  return parseRange({ text, closers }, 0, text.length)
}

type Source = { text: string; closers: Record<Marker, Int32Array> }

function parseRange(source: Source, from: number, to: number): WhatsappToken[] {
  const { text } = source
  const tokens: WhatsappToken[] = []
  let plainFrom = from
  const take = (at: number, end: number, token: WhatsappToken) => {
    if (at > plainFrom) tokens.push({ kind: 'text', text: text.slice(plainFrom, at) })
    tokens.push(token)
    plainFrom = end
  }
  let at = from
  while (at < to) {
    const monoEnd = endOfMono(text, at, to)
    const closer = closerFor(source, at, to)
    if (monoEnd !== null) take(at, monoEnd, { kind: 'mono', text: text.slice(at + 3, monoEnd - 3) })
    else if (closer !== null) {
      take(at, closer + 1, { kind: KINDS[text[at] as Marker], children: parseRange(source, at + 1, closer) })
    }
    at = Math.max(at + 1, plainFrom)
  }
  if (to > plainFrom) tokens.push({ kind: 'text', text: text.slice(plainFrom, to) })
  return tokens
}

/** Behind the monospace that begins here; null where none does. */
function endOfMono(text: string, at: number, to: number): number | null {
  if (!text.startsWith(MONO, at)) return null
  const end = text.indexOf(MONO, at + MONO.length)
  return end > at + MONO.length && end + MONO.length <= to ? end + MONO.length : null
}

/** The partner of the mark that stands here; null where none does. */
function closerFor({ text, closers }: Source, at: number, to: number): number | null {
  const marker = text[at]
  if (marker !== '*' && marker !== '_' && marker !== '~') return null
  const next = text[at + 1] ?? ' '
  if (isWord(text[at - 1]) || /\s/.test(next) || next === marker) return null
  const closer = closers[marker][at + 2] ?? -1
  return closer >= 0 && closer < to ? closer : null
}

/** For each place the next mark in its line that can end what such a mark began, or -1. */
function closersOf(text: string, marker: Marker): Int32Array {
  const next = new Int32Array(text.length + 1).fill(-1)
  for (let at = text.length - 1; at >= 0; at--) {
    if (text[at] === '\n') continue
    const ends = text[at] === marker && !/\s/.test(text[at - 1] ?? ' ') && !isWord(text[at + 1])
    next[at] = ends ? at : (next[at + 1] ?? -1)
  }
  return next
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}]/u.test(character)
}
