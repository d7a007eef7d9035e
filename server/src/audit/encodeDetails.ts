const MOST_CHARACTERS = 500
const MOST_ITEMS = 50
const MOST_DEPTH = 6
/** Half of what the tables take, which count what PostgreSQL makes of it: it puts a space after each comma. */
const MOST_BYTES = 8192

const SECRET = /token|password|secret|authorization|cookie|(^|_)key$|Key$/
/** Whatever begins a new line, moves the cursor, or makes a text read otherwise than it is written. */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu

/**
 * Details as they are stored: JSON of at most 8 KiB. Values under names of secrets are left out, control characters are
 * written out (`\u001b`), what is too long is cut and says so. Never throws.
 */
export function encodeDetails(details: Record<string, unknown>): string {
  const text = JSON.stringify(encode(details, 0))
  const bytes = Buffer.byteLength(text)
  return bytes <= MOST_BYTES ? text : JSON.stringify({ cut: true, bytes, fields: encode(Object.keys(details), 0) })
}

/** One line of at most `most` characters; control characters are written out. */
export function encodeText(text: string, most = MOST_CHARACTERS): string {
  const isLong = text.length > most
  const kept = isLong ? `${text.slice(0, most)}… (${text.length})` : text
  return kept.toWellFormed().replace(UNSEEN, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function encode(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return encodeText(value)
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? null : value
  if (depth >= MOST_DEPTH) return '…'
  if (Array.isArray(value)) return encodeItems(value, depth)
  return encodeFields(value, depth)
}

function encodeItems(items: unknown[], depth: number): unknown[] {
  const kept = items.slice(0, MOST_ITEMS).map((item) => encode(item, depth + 1))
  return items.length > MOST_ITEMS ? [...kept, `… (${items.length})`] : kept
}

function encodeFields(value: object, depth: number): Record<string, unknown> {
  const fields = Object.entries(value)
  const kept = fields.slice(0, MOST_ITEMS).map(([name, field]): [string, unknown] => {
    const isSecret = SECRET.test(name) && typeof field !== 'boolean' && field !== null
    return [encodeText(name, 100), isSecret ? '[redacted]' : encode(field, depth + 1)]
  })
  if (fields.length > MOST_ITEMS) kept.push(['…', fields.length])
  return Object.fromEntries(kept)
}
