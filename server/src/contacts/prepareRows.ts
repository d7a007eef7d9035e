import type { RejectReason, WarningReason } from '#contract/imports.ts'
import { withoutGuard } from '#server/lib/csv.ts'
import { normalizePhoneInput } from '#server/phone/PhoneValidationService.ts'
import type { ChosenColumns } from './columnMapping.ts'
import type { Row } from './csv/parseRows.ts'

/** Somebody to be stored. `variables` is JSON text: every filled column that is not left out, under its variable. */
export type PreparedPerson = { line: number; phone: string; name: string; variables: string }
export type Rejection = { line: number; reason: RejectReason; field: string; cells: string[] }
export type Warning = {
  line: number
  reason: WarningReason
  field: string
  phone: string
  others: string[]
  cells: string[]
}

/** What some rows of a file come to. rows = people + repeated + rejections. */
export type PreparedRows = {
  rows: number
  people: PreparedPerson[]
  /** Rows whose number stood further up among the same rows. */
  repeated: number
  rejections: Rejection[]
  warnings: Warning[]
}

/** As in the contract's typed recipients. */
const MAX_NAME_LENGTH = 500
const MAX_VALUE_LENGTH = 4096

export function nothingPrepared(): PreparedRows {
  return { rows: 0, people: [], repeated: 0, rejections: [], warnings: [] }
}

/** Adds what `rows` come to. `phones` holds the numbers of this batch so far. Pure but for its arguments: cells are cleaned in place. */
export function prepareRows(
  batch: PreparedRows,
  phones: Set<string>,
  rows: Row[],
  columns: ChosenColumns,
  country: string,
): void {
  const keys = columns.variables.map((variable) => (variable === null ? null : JSON.stringify(variable)))
  for (const row of rows) {
    batch.rows += 1
    prepareRow(batch, phones, row, { columns, country, keys })
  }
}

type Context = { columns: ChosenColumns; country: string; keys: (string | null)[] }

function prepareRow(batch: PreparedRows, phones: Set<string>, row: Row, { columns, country, keys }: Context): void {
  const { line, cells } = row
  const cleaned = cleanCells(cells)
  const field = phoneField(cells, columns)
  if (isBroken(cells, columns)) return reject(batch, { line, reason: 'BROKEN_ROW', field, cells })
  const phone = normalizePhoneInput(field, country)
  if (!phone.ok) return reject(batch, { line, reason: phone.reason, field, cells })
  for (const reason of phone.warnings)
    batch.warnings.push({ line, reason, field, phone: phone.e164, others: phone.others, cells })
  if (cleaned) batch.warnings.push({ line, reason: 'TEXT_CLEANED', field, phone: phone.e164, others: [], cells })
  if (phones.has(phone.e164)) {
    batch.repeated += 1
    return
  }
  phones.add(phone.e164)
  batch.people.push({ line, phone: phone.e164, name: nameOf(cells, columns), variables: variablesOf(cells, keys) })
}

function reject(batch: PreparedRows, rejection: Rejection): void {
  batch.rejections.push(rejection)
}

/** The first phone column that is filled in this row. */
function phoneField(cells: string[], { phoneColumns }: ChosenColumns): string {
  for (const column of phoneColumns) if ((cells[column] ?? '') !== '') return cells[column] ?? ''
  return ''
}

/**
 * More filled cells than headers: an unquoted delimiter has shifted the row, nobody knows where. A cell that begins
 * with a quote and spans lines: the quote did not close where it should, and another row may be in it.
 */
function isBroken(cells: string[], { headers }: ChosenColumns): boolean {
  for (let column = headers.length; column < cells.length; column++) if (cells[column] !== '') return true
  return cells.some((cell) => cell.startsWith('"') && cell.includes('\n'))
}

function nameOf(cells: string[], { nameColumn }: ChosenColumns): string {
  const name = nameColumn === null ? '' : (cells[nameColumn] ?? '')
  return cut(name, MAX_NAME_LENGTH)
}

/** Written by hand: an object would give `__proto__` a meaning. */
function variablesOf(cells: string[], keys: (string | null)[]): string {
  let json = ''
  for (let column = 0; column < keys.length; column++) {
    const key = keys[column] ?? null
    const value = cells[column] ?? ''
    if (key !== null && value !== '') json += `${json === '' ? '' : ','}${key}:${JSON.stringify(value)}`
  }
  return `{${json}}`
}

/** In place: NUL and half surrogates cannot be stored; very long texts have no use in a message. */
function cleanCells(cells: string[]): boolean {
  let cleaned = false
  for (const [column, cell] of cells.entries()) {
    const trimmed = withoutGuard(cell.trim())
    const isClean = trimmed.length <= MAX_VALUE_LENGTH && !trimmed.includes('\0') && trimmed.isWellFormed()
    cells[column] = isClean ? trimmed : cut(trimmed.replaceAll('\0', '').toWellFormed(), MAX_VALUE_LENGTH)
    cleaned ||= !isClean
  }
  return cleaned
}

/** Cut to `length` UTF-16 units, never through a surrogate pair. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text
  const end = /[\ud800-\udbff]/.test(text[length - 1] ?? '') ? length - 1 : length
  return text.slice(0, end)
}
