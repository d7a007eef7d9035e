import { randomUUID } from 'node:crypto'
import type { Random } from '../lab/Random.ts'
import type { ApiDocument, Schema } from './ApiDocument.ts'

/** Before it nothing that was made here is sent; a schedule lies two years ahead at most. */
export const NEXT_YEAR = new Date(Date.now() + 300 * 86_400_000).toISOString()

/** Texts of the shapes that patterns of the API ask for. */
const SAMPLES = [
  '50',
  '12345678',
  'BR',
  'pt_BR',
  '08:30',
  'oferta_1',
  'https://cdn.example.test/a.png',
  '+5511987654321',
  NEXT_YEAR,
  'Padaria São João',
  'a-text-of-thirty-two-characters-or-more',
]
const WORDS = ['Oi, {{nome}}!', '+55 11 98765-4321', 'América', 'x', 'Fornada das cinco', 'America/Sao_Paulo', '🥖']
const MAX_DEPTH = 6

/** Makes values of a schema; real ids where a field's name says which, so that requests get further than a 404. */
export class Inventor {
  readonly #document: ApiDocument
  readonly #random: Random
  /** Values known for fields of this name: `channelId`, `importIds`, … */
  readonly known = new Map<string, unknown[]>()

  constructor(document: ApiDocument, random: Random) {
    this.#document = document
    this.#random = random
  }

  chance(share: number): boolean {
    return this.#random.next() < share
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random.next() * items.length)] as T
  }

  value(raw: Schema, name = '', depth = 0): unknown {
    const known = this.known.get(name)
    if (known !== undefined && known.length > 0 && this.chance(0.9)) return this.pick(known)
    const schema = this.#document.resolve(raw)
    if ('const' in schema) return schema.const
    if (schema.enum !== undefined) return this.pick(schema.enum)
    const choices = schema.anyOf ?? schema.oneOf
    if (choices !== undefined) return this.value(this.pick(choices), name, depth)
    if (schema.allOf !== undefined) {
      return Object.assign({}, ...schema.allOf.map((part) => this.value(part, name, depth + 1)))
    }
    const type = Array.isArray(schema.type) ? this.pick(schema.type) : schema.type
    return this.#ofType(type, schema, name, depth)
  }

  #ofType(type: string | undefined, schema: Schema, name: string, depth: number): unknown {
    switch (type) {
      case 'object':
        return this.#object(schema, depth)
      case 'array':
        return this.#array(schema, name, depth)
      case 'string':
        return this.#text(schema, name)
      case 'integer':
        return Math.round(this.#number(schema))
      case 'number':
        return this.#number(schema)
      case 'boolean':
        return this.chance(0.5)
      default:
        return null
    }
  }

  #object(schema: Schema, depth: number): Record<string, unknown> {
    const entries = Object.entries(schema.properties ?? {})
      .filter(([name]) => schema.required?.includes(name) === true || (depth < MAX_DEPTH && this.chance(0.5)))
      .map(([name, part]) => [name, this.value(part, name, depth + 1)] as const)
    const more = schema.additionalProperties
    if (entries.length === 0 && typeof more === 'object') entries.push(['cidade', this.value(more, '', depth + 1)])
    return Object.fromEntries(entries)
  }

  #array(schema: Schema, name: string, depth: number): unknown[] {
    const least = schema.minItems ?? 0
    const length = Math.min(schema.maxItems ?? 3, least + Math.floor(this.#random.next() * 3))
    const singular = name.replace(/s$/, '')
    return Array.from({ length }, () => this.value(schema.items ?? {}, singular, depth + 1))
  }

  #text(schema: Schema, name: string): string {
    if (schema.format === 'uuid') return randomUUID()
    if (schema.format === 'email') return `fuzz${Math.floor(this.#random.next() * 1e6)}@revoada.local`
    if (schema.format === 'date-time') return NEXT_YEAR
    // Nobody listens on the discard port, so a channel with this address is made quickly.
    if (schema.format === 'uri') return 'http://127.0.0.1:9'
    if (name === 'phone') return `+55119${70_000_000 + Math.floor(this.#random.next() * 1e6)}`
    const { pattern, minLength = 0, maxLength = 60 } = schema
    const fits = (text: string) =>
      text.length >= minLength && text.length <= maxLength && (pattern === undefined || new RegExp(pattern).test(text))
    const all = [...SAMPLES, ...WORDS]
    const found = all.filter(fits)
    return found.length > 0 ? this.pick(found) : 'x'.repeat(Math.max(minLength, 1))
  }

  #number({ minimum = 0, maximum = 1000 }: Schema): number {
    const least = Math.max(minimum, -1e6)
    return least + this.#random.next() * (Math.min(maximum, 1e6) - least)
  }
}
