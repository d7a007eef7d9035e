/** Those that every recipient has, in the words that a text uses for them. */
export const COMMON_VARIABLES = ['nome', 'primeiro_nome', 'telefone', 'saudacao', 'data'] as const

/** A column's header as a text can name it: `Código Postal` → `codigo_postal`. The same rule as when rendering. */
export function plainName(header: string): string {
  return header
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '')
}

/** Variables for the chips: the common ones, then the columns of the chosen files, each once. */
export function variablesOf(columns: readonly string[]): string[] {
  const names = columns.map(plainName).filter((name) => /^[a-z]/.test(name))
  return [...new Set([...COMMON_VARIABLES, ...names])]
}

/**
 * The text with sample values, for the preview: a variable without a sample shows its fallback, else its own name in
 * brackets. Only plain `{{ name }}` and `{{ name | default: "x" }}` are shown; the real rendering is the server's.
 */
export function fillSample(text: string, sample: Readonly<Record<string, string>>): string {
  return text.replace(
    /\{\{\s*([\p{L}\p{N}_]+)\s*(?:\|\s*default:\s*["']([^"']*)["']\s*)?\}\}/gu,
    (_, name: string, fallback?: string) => {
      const value = sample[name] ?? ''
      return value === '' ? (fallback ?? `[${name}]`) : value
    },
  )
}
