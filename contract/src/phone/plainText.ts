/** A field longer than this is no telephone field; the rest is not looked at, so that work stays bounded. */
export const MAX_FIELD_LENGTH = 4096

/**
 * The field as plain characters: digits of any script as 0–9, full-width forms, no-break spaces, dashes and slashes of
 * any kind as their ASCII cousins, HTML tags as space or line end, invisible characters gone. Linear in the text.
 */
export function plainText(field: string): string {
  const text = field.length > MAX_FIELD_LENGTH ? field.slice(0, MAX_FIELD_LENGTH) : field
  const withoutMarkup = /[<&]/.test(text) ? decodeEntities(stripTags(text)) : text
  return /^[\x20-\x7e]*$/.test(withoutMarkup) ? withoutMarkup : toAscii(withoutMarkup)
}

function stripTags(text: string): string {
  let plain = ''
  let at = 0
  for (;;) {
    const open = text.indexOf('<', at)
    const close = open < 0 ? -1 : text.indexOf('>', open)
    if (close < 0) return plain + text.slice(at)
    const tag = text.slice(open + 1, close)
    const isTag = /^[a-z/!]/i.test(tag)
    const standsFor = /^\/?(?:br|p|div|li|tr)\b/i.test(tag) ? '\n' : ' '
    plain += text.slice(at, open) + (isTag ? standsFor : ` ${tag} `)
    at = close + 1
  }
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['nbsp', ' '],
  ['amp', '&'],
  ['plus', '+'],
  ['sol', '/'],
  ['lpar', '('],
  ['rpar', ')'],
  ['ndash', '-'],
  ['mdash', '-'],
  ['shy', ''],
  ['comma', ','],
  ['semi', ';'],
])

function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,6})|#x([\da-f]{1,5})|([a-z]{2,8}));/gi, (_, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES.get(String(name).toLowerCase()) ?? ' '
    return String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(String(hex), 16))
  })
}

function toAscii(text: string): string {
  let plain = ''
  for (const character of text) plain += character < '\x7f' ? character : asciiOf(character)
  return plain
}

/** Per character, because the same few come again in every row; bounded against hostile files. */
const known = new Map<string, string>()

function asciiOf(character: string): string {
  const seen = known.get(character)
  if (seen !== undefined) return seen
  const ascii = findAscii(character)
  if (known.size < 5000) known.set(character, ascii)
  return ascii
}

function findAscii(character: string): string {
  const point = character.codePointAt(0) ?? 0
  if (/\p{Nd}/u.test(character)) return String(digitValue(point))
  if (point >= 0xff01 && point <= 0xff5e) return String.fromCharCode(point - 0xfee0)
  if (/[\u0085\u2028\u2029]/u.test(character)) return '\n'
  if (/[\p{Cf}\p{Mn}\p{Me}]/u.test(character)) return ''
  if (/\p{Z}/u.test(character)) return ' '
  if (/[\p{Pd}\u2212\u30fc]/u.test(character)) return '-'
  if (/[\u2044\u2215\u29f8]/u.test(character)) return '/'
  if (/[\u060c\u3001]/u.test(character)) return ','
  return character
}

/** Decimal digits of a script stand in runs of ten from zero, so the distance from the run's start tells the value. */
function digitValue(point: number): number {
  let start = point
  while (/\p{Nd}/u.test(String.fromCodePoint(start - 1))) start -= 1
  return (point - start) % 10
}
