import type { BodySchema } from './wholeApp.ts'

/** What a field takes where its schema alone does not say it: by name. */
const VALUES: Record<string, unknown> = {
  phone: '11 98765-4321',
  phones: ['11 98765-4321'],
  typed: '11 98765-4321; 11 98765-4322',
  defaultCountry: 'BR',
  country: 'BR',
  language: 'pt_BR',
  link: 'https://example.com/a.png',
  startTime: '09:00',
  endTime: '18:00',
  timeZone: 'America/Sao_Paulo',
  scheduledAt: inAYear(),
  phoneNumberId: '105512345',
  wabaId: '105512345',
  delayMin: 5,
  delayMax: 10,
  // Of a draft that is there.
  revision: 1,
}

const ID_OF = 'id of '

/** The names of the fields of a body that are ids. */
export function idFieldsOf(example: unknown): string[] {
  const names = new Set<string>()
  fillIds(example, (name) => (names.add(name), ''))
  return [...names]
}

/** The example with ids in their places. */
export function fillIds(example: unknown, idOf: (field: string) => string): unknown {
  if (typeof example === 'string' && example.startsWith(ID_OF)) return idOf(example.slice(ID_OF.length))
  if (Array.isArray(example)) return example.map((item) => fillIds(item, idOf))
  if (typeof example !== 'object' || example === null) return example
  return Object.fromEntries(Object.entries(example).map(([name, field]) => [name, fillIds(field, idOf)]))
}

function holdsIds(schema: unknown): boolean {
  return /"format":"uuid"/.test(JSON.stringify(schema))
}

/** An instant that lies ahead and not too far. */
export function inAYear(): string {
  return new Date(Date.now() + 365 * 86_400_000).toISOString()
}

/**
 * A body that the schema takes, with what it requires and nothing more; where it requires nothing, one field. Throws,
 * naming the field, where it cannot.
 */
export function exampleOf(schema: BodySchema, options: { ids?: boolean } = {}): unknown {
  const [least] = variantsOf(schema, { optional: false, ...options })
  const [full] = fullExamplesOf(schema)
  if (typeof least !== 'object' || least === null || Object.keys(least).length > 0) return least
  return Object.fromEntries(Object.entries(full ?? {}).slice(0, 1))
}

/** Bodies with every field, every branch of every union in at least one of them. */
export function fullExamplesOf(schema: BodySchema): unknown[] {
  return variantsOf(schema, { optional: true })
}

type Options = {
  optional: boolean
  /** With everything that is an id, also where it is optional. */
  ids?: boolean
  name?: string
}

function variantsOf(schema: BodySchema, options: Options): unknown[] {
  const { name = '' } = options
  const branches = schema.anyOf ?? schema.oneOf
  if (schema.const !== undefined) return [schema.const]
  if (schema.enum !== undefined) return [schema.enum[0]]
  if (Object.hasOwn(VALUES, name)) return [VALUES[name]]
  if (branches !== undefined) {
    const kept = branches.filter(({ type }) => type !== 'null')
    return kept.flatMap((branch) => variantsOf(branch as BodySchema, options))
  }
  if (schema.type === 'object') return objectsOf(schema, options)
  if (schema.type === 'array') {
    const item = schema.items as BodySchema
    return variantsOf(item, options).map((value) =>
      Array.from({ length: Math.max(1, schema.minItems ?? 1) }, () => value),
    )
  }
  return [scalarOf(schema, name)]
}

/** Every field at its first variant, and one object for each further variant of a field. */
function objectsOf(schema: BodySchema, { optional, ids = false }: Options): unknown[] {
  const fields = Object.entries(schema.properties ?? {})
    .filter(([name, field]) => optional || schema.required?.includes(name) === true || (ids && holdsIds(field)))
    .map(([name, field]) => [name, variantsOf(field as BodySchema, { optional, ids, name })] as const)
  const base = Object.fromEntries(fields.map(([name, variants]) => [name, variants[0]]))
  const others = fields.flatMap(([name, variants]) => variants.slice(1).map((value) => ({ ...base, [name]: value })))
  return [base, ...others]
}

function scalarOf(schema: BodySchema, name: string): unknown {
  if (schema.type === 'boolean') return false
  if (schema.type === 'number' || schema.type === 'integer') return schema.minimum ?? 1
  if (schema.format === 'uuid') return `${ID_OF}${name}`
  if (schema.format === 'email') return 'someone@example.test'
  if (schema.format === 'date-time') return inAYear()
  if (schema.format === 'uri') return 'https://example.com/'
  const text = 'a'.repeat(Math.max(schema.minLength ?? 1, 1))
  if (schema.pattern === undefined || new RegExp(schema.pattern, 'u').test(text)) return text
  throw new Error(`Say in server/src/test/exampleBodies.ts what "${name}" takes: ${schema.pattern}`)
}

/** Where an object of a body refuses fields that it does not know: paths such as `messages.0`, `` for the body itself. */
export function closedObjects(
  value: unknown,
  schema: BodySchema,
  path: (string | number)[] = [],
): (string | number)[][] {
  const branches = schema.anyOf ?? schema.oneOf
  if (branches !== undefined) {
    const branch = branches.find((candidate) => fits(value, candidate as BodySchema))
    return branch === undefined ? [] : closedObjects(value, branch as BodySchema, path)
  }
  if (Array.isArray(value))
    return value.flatMap((item, n) => closedObjects(item, schema.items as BodySchema, [...path, n]))
  if (schema.type !== 'object' || typeof value !== 'object' || value === null) return []
  const inner = Object.entries(value).flatMap(([name, field]) => {
    const fieldSchema = schema.properties?.[name]
    return fieldSchema === undefined ? [] : closedObjects(field, fieldSchema as BodySchema, [...path, name])
  })
  // A record takes any name: its additionalProperties are a schema.
  const isRecord = typeof schema.additionalProperties === 'object' && schema.properties === undefined
  return isRecord ? inner : [path, ...inner]
}

function fits(value: unknown, schema: BodySchema): boolean {
  if (schema.type === 'object' && typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(schema.properties ?? {}).every(([name, field]) => {
      const { const: fixed } = field as BodySchema
      return fixed === undefined || (value as Record<string, unknown>)[name] === fixed
    })
  }
  if (schema.type === 'array') return Array.isArray(value)
  if (schema.type === 'string') return typeof value === 'string'
  if (schema.type === 'boolean') return typeof value === 'boolean'
  return (schema.type === 'number' || schema.type === 'integer') && typeof value === 'number'
}
