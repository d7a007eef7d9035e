import { plainName } from '#contract/plainName.ts'

/** Those that every recipient has, in the words that a text uses for them. */
const COMMON_VARIABLES = ['nome', 'primeiro_nome', 'telefone', 'saudacao', 'data'] as const

/** Variables for the chips: those that every recipient has, then those of the columns, each once. */
export function variablesOf(columns: readonly string[]): string[] {
  const names = columns.map(plainName).filter((name) => /^[a-z]/.test(name))
  return [...new Set([...COMMON_VARIABLES, ...names])]
}
