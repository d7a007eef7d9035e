/** Deeper, longer and wider than this nothing is shown: a log line is for a person. */
const MAX_DEPTH = 8
const MAX_ENTRIES = 100
const MAX_TEXT = 8192
const MASK = '[redacted]'

/** Fields whose values are secrets, whatever they look like; `keyId` and `tokens: 3` are none. */
const SECRET_NAME =
  /(?:token|secret|passw(?:or)?d|passphrase|authorization|cookie|credentials?|signature|ciphertext)s?$|(?:^|[a-z0-9_-])(?:api|hmac|webhook|secret|private|access|master|app|encryption|idempotency|x)[_-]?key$|^key$/i
const PHONE_NAME = /phone|jid|msisdn|^(?:to|from)$|recipientId$|wa_id$/i

/** No pattern below can match a text without one of these; ids and plain words are most of what is logged. */
const SUSPICIOUS = /[:=@+?]|rvd_|bearer|basic|\d{10}|\/hooks\/|row contains/i

const SECRET_IN_TEXT: [RegExp, string][] = [
  // Sign-in within an address.
  [/\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/?#@"'<>]{1,512}@/gi, `$1${MASK}@`],
  // A webhook's own address.
  [/(\/api\/hooks\/[^\s/"']{1,100}\/)[^\s/?"'<>]+/gi, `$1${MASK}`],
  // In a query, a form, a cookie, a header, JSON or plain words: name, then = or :, then the value.
  [
    /((?:token|secret|passw(?:or)?d|pwd|authorization|cookie|credential|signature|(?:api|hmac|webhook|secret|private|access|master|app)[_-]?key|revoada_\w{1,30}|[?&;]key)\\?["']?\s{0,3}[:=]\s{0,3}\\?["']?)(?:(?:bearer|basic)\s+)?[^\s"'&;,}\\<>]{3,}/gi,
    `$1${MASK}`,
  ],
  [/\b(bearer|basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${MASK}`],
  // Our own API keys.
  [/\brvd_[\w-]{6,}/g, `rvd_${MASK}`],
  // PostgreSQL shows whole rows.
  [/(Failing row contains )\(.*\)/gs, '$1(…)'],
  [/(\bKey \([^)]{1,200}\)=)\(.*?\)(?= )/gs, '$1(…)'],
]

/** E.164 with its +, in a JID, or Brazilian without the +. */
const PHONE_IN_TEXT =
  /\+\d[\d ().-]{6,18}\d|\b\d{8,15}(?=@s\.whatsapp\.net|@c\.us)|(?<![\w-])55[1-9]\d[2-9]\d{7,8}(?![\w-])/g

/** The last four digits stay, so that a person can find the row and a thief cannot use the log. */
export function maskPhone(phone: string): string {
  return phone.replace(/\d(?=(?:\D*\d){4})/g, '•')
}

/** A text without what looks like a secret in it, and with its phones masked. Long ones are cut. */
export function redactText(text: string): string {
  const short = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}… (${text.length} characters)` : text
  if (!SUSPICIOUS.test(short)) return short
  let clean = short
  for (const [pattern, replacement] of SECRET_IN_TEXT) clean = clean.replace(pattern, replacement)
  return clean.replace(PHONE_IN_TEXT, maskPhone)
}

/**
 * Anything as it may be logged: secrets by the name of their field at any depth, and by their look within texts; errors
 * with all that hangs on them (`cause`, `errors`, fields of `pg` and `undici`). Never throws.
 */
export function redact(value: unknown): unknown {
  return redactAt(value, 0, [])
}

function redactAt(value: unknown, depth: number, path: object[]): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? undefined : value
  if (path.includes(value)) return '[circular]'
  if (depth >= MAX_DEPTH) return '[deeper]'
  try {
    return redactObject(value, depth + 1, [...path, value])
  } catch {
    return '[unreadable]'
  }
}

function redactObject(value: object, depth: number, path: object[]): unknown {
  if (value instanceof Error) return redactError(value, depth, path)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (value instanceof URL) return redactText(value.href)
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`
  if (value instanceof Map)
    return redactFields(
      [...value].map(([name, field]) => [String(name), () => field]),
      depth,
      path,
    )
  if (value instanceof Set) return redactList([...value], depth, path)
  if (Array.isArray(value)) return redactList(value, depth, path)
  if (isIterableOfPairs(value))
    return redactFields(
      [...value].map(([name, field]) => [name, () => field]),
      depth,
      path,
    )
  return redactFields(fieldsOf(value), depth, path)
}

function redactError(error: Error, depth: number, path: object[]): object {
  const parts = [...fieldsOf(error), ...named(error, ['message', 'stack', 'cause', 'errors'])]
  return { type: error.constructor?.name ?? 'Error', ...redactFields(parts, depth, path) }
}

function redactList(list: readonly unknown[], depth: number, path: object[]): unknown[] {
  return list
    .slice(0, MAX_ENTRIES)
    .map((item, index) =>
      typeof item === 'string' && index % 2 === 1 && isSecretHeader(list[index - 1])
        ? MASK
        : redactAt(item, depth, path),
    )
}

/** Raw headers are a flat list: each name is followed by its value. Lists of migrations begin with digits, no header does. */
function isSecretHeader(name: unknown): boolean {
  return typeof name === 'string' && !/^\d/.test(name) && SECRET_NAME.test(name)
}

type Field = [name: string, read: () => unknown]

function redactFields(fields: Field[], depth: number, path: object[]): Record<string, unknown> {
  const shown: Record<string, unknown> = {}
  for (const [name, read] of fields.slice(0, MAX_ENTRIES)) shown[name] = redactField(name, read, depth, path)
  return shown
}

function redactField(name: string, read: () => unknown, depth: number, path: object[]): unknown {
  try {
    const value = read()
    if (SECRET_NAME.test(name) && value !== null && value !== undefined && typeof value !== 'boolean') return MASK
    if (typeof value === 'string' && PHONE_NAME.test(name)) return maskPhone(redactText(value))
    return redactAt(value, depth, path)
  } catch {
    return '[unreadable]'
  }
}

function fieldsOf(value: object): Field[] {
  return named(value, Object.keys(value))
}

function named(value: object, names: string[]): Field[] {
  const source = value as Record<string, unknown>
  return names.filter((name) => name in source).map((name) => [name, () => source[name]])
}

/** `Headers`, `URLSearchParams`, `FormData`. */
function isIterableOfPairs(value: object): value is Iterable<[string, unknown]> {
  return value instanceof Headers || value instanceof URLSearchParams || value instanceof FormData
}
