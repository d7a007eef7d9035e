import { z } from 'zod'
import { check } from '../lab/check.ts'

/** The part of JSON Schema that our document uses. */
export type Schema = {
  $ref?: string
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: Schema | boolean
  items?: Schema
  minItems?: number
  maxItems?: number
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  pattern?: string
  format?: string
}

export type Parameter = { name: string; in: 'path' | 'query' | 'header' | 'cookie'; required?: boolean; schema: Schema }
type Content = Record<string, { schema?: Schema }>
type RawOperation = {
  parameters?: Parameter[]
  requestBody?: { content: Content }
  responses: Record<string, { content?: Content }>
  security?: unknown[]
}
type RawDocument = {
  paths: Record<string, Record<string, RawOperation>>
  components?: { schemas?: Record<string, Schema> }
}

/** One method on one path. */
export type Operation = {
  method: string
  /** With `{id}` where a parameter stands. */
  path: string
  parameters: Parameter[]
  /** Null where there is no body. */
  body: { contentType: string; schema: Schema } | null
  needsSignIn: boolean
  /** What each answer is said to hold; `default` is every refusal. */
  answers: Map<string, { contentType: string | null; isAsSaid: ((value: unknown) => string | null) | null }>
}

/** What the product says of its own API, ready to be held against what it does. */
export class ApiDocument {
  readonly operations: Operation[]
  readonly #components: Record<string, Schema>

  constructor(document: unknown) {
    const { paths, components } = document as RawDocument
    this.#components = components?.schemas ?? {}
    this.operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => this.#read(path, method.toUpperCase(), operation)),
    )
  }

  static async fetch(address: string): Promise<ApiDocument> {
    const answer = await fetch(`${address}/api/openapi.json`)
    check(answer.status === 200, `The document of the API was answered ${answer.status}.`)
    return new ApiDocument(await answer.json())
  }

  /** The schema itself in place of its name. */
  resolve(schema: Schema): Schema {
    const name = schema.$ref?.split('/').at(-1)
    return name === undefined ? schema : this.resolve(this.#components[name] ?? {})
  }

  /** Says what is wrong with a value; null when it is as the schema says. */
  checker(schema: Schema): (value: unknown) => string | null {
    const whole = { ...schema, components: { schemas: this.#components } }
    const validator = z.fromJSONSchema(whole as Parameters<typeof z.fromJSONSchema>[0])
    return (value) => {
      const result = validator.safeParse(value)
      if (result.success) return null
      const [issue] = result.error.issues
      return `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`
    }
  }

  #read(path: string, method: string, raw: RawOperation): Operation {
    const [body] = Object.entries(raw.requestBody?.content ?? {})
    const answers = Object.entries(raw.responses).map(([status, { content }]) => {
      const [said] = Object.entries(content ?? {})
      const isJson = said?.[0] === 'application/json' && said[1].schema !== undefined
      return [
        status,
        { contentType: said?.[0] ?? null, isAsSaid: isJson ? this.checker(said[1].schema ?? {}) : null },
      ] as const
    })
    return {
      method,
      path,
      parameters: raw.parameters ?? [],
      body: body === undefined ? null : { contentType: body[0], schema: body[1].schema ?? {} },
      needsSignIn: (raw.security ?? []).length > 0,
      answers: new Map(answers),
    }
  }
}
