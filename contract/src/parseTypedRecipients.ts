/** Longest number and name that the contract takes. */
const MAX_PHONE = 200
const MAX_NAME = 500
/** Longer is no number with a name; and to look for one would be work that grows with the square of it. */
const LONGEST_PIECE = 700

/** One entry of the text, and where it stands in it: what mends it is put in its place. */
export type TypedEntry = { phone: string; name?: string; from: number; to: number }

type Piece = { text: string; from: number; to: number }

/**
 * What people type or paste: one person per line, or several separated by comma, semicolon or tab.
 * Words beside a number are the name: `Maria Souza 11 98765-4321`, or `Maria Souza; 11 98765-4321`.
 */
export function parseTypedRecipients(text: string): TypedEntry[] {
  return splitAt(text, /\r?\n/g, 0).flatMap(parseLine)
}

function parseLine(line: Piece): TypedEntry[] {
  const pieces = splitAt(line.text, /[,;\t]/g, line.from)
  const numbers = pieces.filter((piece) => digitsIn(piece.text) > 0)
  const [number] = numbers
  if (number === undefined || numbers.length > 1 || pieces.length === 1) return pieces.map(parsePiece)
  const words = pieces.filter((piece) => piece !== number).map(({ text }) => text)
  const from = Math.min(...pieces.map((piece) => piece.from))
  const to = Math.max(...pieces.map((piece) => piece.to))
  return [{ ...withName(parsePiece(number), words.join(' ')), from, to }]
}

/** The parts between the separators, without the spaces around them; empty ones are nobody. */
function splitAt(text: string, separator: RegExp, offset: number): Piece[] {
  const pieces: Piece[] = []
  let start = 0
  const take = (end: number) => {
    const raw = text.slice(start, end)
    const from = offset + start + (raw.length - raw.trimStart().length)
    const trimmed = raw.trim()
    if (trimmed !== '') pieces.push({ text: trimmed, from, to: from + trimmed.length })
  }
  for (const { index, 0: found } of text.matchAll(separator)) {
    take(index)
    start = index + found.length
  }
  take(text.length)
  return pieces
}

/** Letters before or after the digits are a name; anything odder is left as it stands, for the rules to judge. */
function parsePiece({ text, from, to }: Piece): TypedEntry {
  if (text.length > LONGEST_PIECE) return { phone: text.slice(0, MAX_PHONE), from, to }
  const parts = /^(?<before>[^\p{Nd}+(]*)(?<phone>[+(]?[\p{Nd}\s().\-+/]*\p{Nd})(?<after>[^\p{Nd}]*)$/u.exec(
    text,
  )?.groups
  // A letter right beside a digit is one mistyped (`1198765432O`), more often than a name.
  if (!parts || /\p{L}\p{Nd}|\p{Nd}\p{L}/u.test(text)) return { phone: text.slice(0, MAX_PHONE), from, to }
  const name = [parts['before'], parts['after']]
    .map((words) => trimName(words ?? ''))
    .filter((words) => words !== '')
    .join(' ')
  return withName({ phone: (parts['phone'] ?? text).trim().slice(0, MAX_PHONE), from, to }, name)
}

function withName(entry: TypedEntry, name: string): TypedEntry {
  const all = [entry.name, name].filter((part) => part !== undefined && part !== '').join(' ')
  return all === '' ? entry : { ...entry, name: all.slice(0, MAX_NAME) }
}

function trimName(words: string): string {
  return words.replace(/^[\s\-:.()<>"'@]+|[\s\-:.()<>"'@]+$/g, '')
}

function digitsIn(text: string): number {
  return text.match(/\p{Nd}/gu)?.length ?? 0
}
