import { INJECTIONS } from './injections.ts'
import type { Inventor } from './Inventor.ts'

/** Values that no field expects, as JSON texts: some are no JSON at all. */
const ODD_VALUES = [
  'null',
  'true',
  '-1',
  '0.1',
  '1e400',
  '-1e400',
  '9007199254740992',
  '1e308',
  '"5"',
  '[5]',
  '{}',
  '[]',
  '""',
  '"\\u0000"',
  '"\\ud800"',
  '"\\u202e"',
  'NaN',
  'Infinity',
  '{"__proto__":{"x":1}}',
  '{"constructor":{"prototype":{"x":1}}}',
]

/** A body with something wrong in it, as bytes to send. */
export function damageBody(body: unknown, inventor: Inventor): string {
  const text = JSON.stringify(body)
  switch (inventor.pick(['place', 'place', 'place', 'drop', 'add', 'cut', 'raw', 'wrap', 'deep', 'long'])) {
    case 'place':
      return replaceSomewhere(body, inventor, inventor.pick([...ODD_VALUES, ...INJECTIONS.map(quote)]))
    case 'drop':
      return JSON.stringify(withoutOne(body, inventor))
    case 'add':
      return `{"${inventor.pick(['role', 'user_id', 'status', '__proto__', 'constructor', 'id'])}":1,${text.slice(1)}`
    case 'cut':
      return text.slice(0, Math.floor(text.length / 2))
    case 'raw':
      return inventor.pick(ODD_VALUES)
    case 'wrap':
      return `[${text}]`
    case 'deep':
      return `${'['.repeat(100)}${']'.repeat(100)}`
    default:
      return replaceSomewhere(body, inventor, quote('A'.repeat(100_000)))
  }
}

function quote(text: string): string {
  return JSON.stringify(text)
}

/** Where a value can be put: every place of a body, as the keys that lead to it. */
export function placesOf(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path]
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? value.map((item, index) => [index, item])
    : Object.entries(value)
  return [path, ...entries.flatMap(([key, part]) => placesOf(part, [...path, key]))]
}

/** The body as JSON with `json` at this place, whether or not it is a JSON text. */
export function putAt(body: unknown, path: (string | number)[], json: string): string {
  const hole = '\u{e000}hole'
  const copy = structuredClone({ root: body }) as Record<string, unknown>
  let place: Record<string | number, unknown> = copy
  const keys = ['root', ...path]
  for (const key of keys.slice(0, -1)) place = place[key] as Record<string | number, unknown>
  place[keys.at(-1) ?? 'root'] = hole
  return JSON.stringify(copy['root']).replace(JSON.stringify(hole), () => json)
}

function replaceSomewhere(body: unknown, inventor: Inventor, json: string): string {
  return putAt(body, inventor.pick(placesOf(body)), json)
}

function withoutOne(body: unknown, inventor: Inventor): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body
  const keys = Object.keys(body)
  const gone = keys.length === 0 ? '' : inventor.pick(keys)
  return Object.fromEntries(Object.entries(body).filter(([key]) => key !== gone))
}
