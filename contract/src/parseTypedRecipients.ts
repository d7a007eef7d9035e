import type { TypedRecipient } from './campaigns.ts'

/** Fewer digits than any number that can be dialled from abroad. */
const FEWEST_DIGITS = 8
/** Longer is no number with a name; and to look for one would be work that grows with the square of it. */
const LONGEST_PIECE = 700

export type TypedRecipients = {
  recipients: TypedRecipient[]
  /** How many entries do not look like a number. They are sent along, so that the server lists them as refused. */
  doubtful: number
}

/**
 * What people type or paste: one person per line, or several separated by comma, semicolon or tab.
 * Words beside a number are the name: `Maria Souza 11 98765-4321`, or `Maria Souza; 11 98765-4321`.
 */
export function parseTypedRecipients(text: string): TypedRecipients {
  const recipients = text.split(/\r?\n/).flatMap(parseLine)
  return { recipients, doubtful: recipients.filter(({ phone }) => digitsIn(phone) < FEWEST_DIGITS).length }
}

function parseLine(line: string): TypedRecipient[] {
  const pieces = line
    .split(/[,;\t]/)
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '')
  const numbers = pieces.filter((piece) => digitsIn(piece) > 0)
  if (numbers.length === 1 && pieces.length > 1) {
    const words = pieces.filter((piece) => digitsIn(piece) === 0).join(' ')
    return [withName(parsePiece(numbers[0] ?? ''), words)]
  }
  return pieces.map(parsePiece)
}

/** Letters before or after the digits are a name; anything odder goes to the server as it stands. */
function parsePiece(piece: string): TypedRecipient {
  if (piece.length > LONGEST_PIECE) return { phone: piece.slice(0, 200) }
  const parts = /^(?<before>[^\p{Nd}+(]*)(?<phone>[+(]?[\p{Nd}\s().\-+/]*\p{Nd})(?<after>[^\p{Nd}]*)$/u.exec(
    piece,
  )?.groups
  if (!parts) return { phone: piece.slice(0, 200) }
  const name = [parts['before'], parts['after']]
    .map((words) => trimName(words ?? ''))
    .filter((words) => words !== '')
    .join(' ')
  return withName({ phone: (parts['phone'] ?? piece).trim().slice(0, 200) }, name)
}

function withName(recipient: TypedRecipient, name: string): TypedRecipient {
  const all = [recipient.name, name].filter((part) => part !== undefined && part !== '').join(' ')
  return all === '' ? recipient : { ...recipient, name: all.slice(0, 500) }
}

function trimName(words: string): string {
  return words.replace(/^[\s\-:.()<>"'@]+|[\s\-:.()<>"'@]+$/g, '')
}

function digitsIn(text: string): number {
  return text.match(/\p{Nd}/gu)?.length ?? 0
}
