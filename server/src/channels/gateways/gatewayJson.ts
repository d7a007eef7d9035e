/** JSON from the other side: nothing about its shape is taken for granted. */
export type JsonObject = Record<string, unknown>

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The parsed text, or undefined when it is not JSON. Never throws. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * A field by name, whatever the case of its letters: WuzAPI's generations write `Connected` and `connected`.
 * Undefined when there is none, or when `value` is no object.
 */
export function field(value: unknown, name: string): unknown {
  if (!isObject(value)) return undefined
  if (Object.hasOwn(value, name)) return value[name]
  const wanted = name.toLowerCase()
  for (const key of Object.keys(value)) {
    if (key.toLowerCase() === wanted) return value[key]
  }
  return undefined
}

export function textField(value: unknown, name: string): string | null {
  const found = field(value, name)
  return typeof found === 'string' ? found : null
}
