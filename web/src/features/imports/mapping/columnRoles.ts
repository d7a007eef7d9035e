import type { ColumnMapping, ImportPreview } from '#contract/imports.ts'

/** What one column is for. A phone or name column is one thing only; the others are kept under a name or left out. */
export const COLUMN_ROLES = ['phone', 'name', 'variable', 'leftOut'] as const
export type ColumnRole = (typeof COLUMN_ROLES)[number]

export function roleOf(mapping: ColumnMapping, column: number): ColumnRole {
  if (mapping.phoneColumns.includes(column)) return 'phone'
  if (mapping.nameColumn === column) return 'name'
  return mapping.leftOut.includes(column) ? 'leftOut' : 'variable'
}

/**
 * The mapping with another role for one column. Phones keep their order, a new one is looked into last; there is one
 * name at most, so the column that was it before becomes a variable.
 */
export function withRole(mapping: ColumnMapping, column: number, role: ColumnRole): ColumnMapping {
  const without = (columns: number[]) => columns.filter((other) => other !== column)
  const phoneColumns = without(mapping.phoneColumns)
  const leftOut = without(mapping.leftOut)
  const nameColumn = mapping.nameColumn === column ? null : mapping.nameColumn
  const renamed = role === 'leftOut' ? mapping.renamed.filter((one) => one.column !== column) : mapping.renamed
  return {
    phoneColumns: role === 'phone' ? [...phoneColumns, column] : phoneColumns,
    nameColumn: role === 'name' ? column : nameColumn,
    leftOut: role === 'leftOut' ? [...leftOut, column] : leftOut,
    renamed,
  }
}

/** The name under which texts reach a column: its header, unless it was given another one. */
export function variableOf(mapping: ColumnMapping, headers: readonly string[], column: number): string {
  return mapping.renamed.find((one) => one.column === column)?.variable ?? headers[column] ?? ''
}

export function withVariable(
  mapping: ColumnMapping,
  headers: readonly string[],
  column: number,
  variable: string,
): ColumnMapping {
  const renamed = mapping.renamed.filter((one) => one.column !== column)
  return { ...mapping, renamed: variable === headers[column] ? renamed : [...renamed, { column, variable }] }
}

/** Why a column's name cannot stand; null where it can. Names are compared as texts read them, without case and accents. */
export function variableProblem(
  mapping: ColumnMapping,
  headers: readonly string[],
  column: number,
): 'nameless' | 'taken' | null {
  if (mapping.leftOut.includes(column)) return null
  const isRenamed = mapping.renamed.some((one) => one.column === column)
  const label = plainLabel(variableOf(mapping, headers, column))
  if (isRenamed && label === '') return 'nameless'
  const others = [...headers.keys()].filter((other) => other !== column && !mapping.leftOut.includes(other))
  const taken = isRenamed && others.some((other) => plainLabel(variableOf(mapping, headers, other)) === label)
  return taken ? 'taken' : null
}

/** The rule by which the server tells two names apart. */
function plainLabel(name: string): string {
  const plain = name.slice(0, 200).normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  return plain.replace(/[^\p{L}\d]+/gu, ' ').trim()
}

/** The first cells of a column that say something, to recognise it by. */
export function samplesOf(preview: ImportPreview, column: number): string[] {
  return preview.rows
    .map((row) => (row.cells[column] ?? '').trim())
    .filter((cell) => cell !== '')
    .slice(0, 3)
}
