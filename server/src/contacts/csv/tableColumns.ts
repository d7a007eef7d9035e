import { normalizePhoneInput } from '#server/phone/PhoneValidationService.ts'
import { CsvProblem } from './CsvProblem.ts'
import type { Row } from './parseRows.ts'

export const MAX_COLUMNS = 512
const MAX_HEADER_LENGTH = 100

export type TableColumns = {
  /** One usable, unique name per column. */
  headers: string[]
  hasHeader: boolean
  /** Where to look for the phone, best first; the first cell that is not empty counts. */
  phoneColumns: number[]
  nameColumn: number | null
}

/** Words in headers of phone columns, the surest first: a WhatsApp column beats a landline column. */
const PHONE_WORDS = [
  'whatsapp',
  'whats',
  'wpp',
  'zap',
  'celular',
  'cel',
  'mobile',
  'cell',
  'movel',
  'telemovel',
  'movil',
  'telefone',
  'telefono',
  'fone',
  'phone',
  'tel',
  'telephone',
  'telefones',
  'fones',
  'celulares',
  'phones',
  'numero',
  'number',
  'num',
  'nro',
  'contato',
  'contacto',
  'contact',
]
const NAME_WORDS = [
  'nome',
  'name',
  'nombre',
  'cliente',
  'customer',
  'contato',
  'contacto',
  'contact',
  'paciente',
  'aluno',
  'responsavel',
  'fullname',
]

/** At least this share of a column's filled cells must be dialable for its content to speak for it. */
const SOME = 0.2

/**
 * Finds out what the columns mean from the first rows of a file; no phone column where none looks like one. Throws
 * `CsvProblem`: NO_ROWS for a header alone, TOO_MANY_COLUMNS.
 */
export function readColumns(sample: Row[], defaultCountry: string): TableColumns {
  const [first] = sample
  if (first === undefined) throw new CsvProblem('EMPTY_FILE', null)
  if (first.cells.length > MAX_COLUMNS) throw new CsvProblem('TOO_MANY_COLUMNS', first.line)
  const hasHeader = isHeader(sample, defaultCountry)
  const body = hasHeader ? sample.slice(1) : sample
  if (body.length === 0) throw new CsvProblem('NO_ROWS', null)
  const labels = first.cells.map((cell) => (hasHeader ? plainLabel(cell) : ''))
  const shares = labels.map((_, column) => dialableShare(body, column, defaultCountry))
  const phoneColumns = findPhoneColumns(labels, shares)
  const nameColumn = findNameColumn(labels, phoneColumns, hasHeader ? null : body)
  return {
    headers: headersOf(first.cells, hasHeader, phoneColumns[0], nameColumn),
    hasHeader,
    phoneColumns,
    nameColumn,
  }
}

/** A first row that holds a phone number is a person; so is one whose phone column reads like the rows below. */
function isHeader(sample: Row[], country: string): boolean {
  const cells = sample[0]?.cells ?? []
  if (cells.some((cell) => isDialable(cell, country))) return false
  if (cells.map(plainLabel).some((label) => rankOf(label, [...PHONE_WORDS, ...NAME_WORDS]) !== null)) return true
  return !cells.some(
    (cell, column) => looksLikeDigits(cell) && (dialableShare(sample.slice(1), column, country) ?? 0) >= SOME,
  )
}

function looksLikeDigits(cell: string): boolean {
  return /\d{5}/.test(cell.replace(/[\s().-]/g, ''))
}

/** Lower case without accents; words apart by single spaces. Names that are the same so are one variable in a template. */
export function plainLabel(header: string): string {
  const plain = header.slice(0, 200).normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  return plain.replace(/[^\p{L}\d]+/gu, ' ').trim()
}

function rankOf(label: string, words: string[]): number | null {
  const tokens = label.split(' ').map((token) => token.replace(/\d+$/, ''))
  const rank = words.findIndex((word) => tokens.includes(word))
  return rank < 0 ? null : rank
}

/** Share of a column's filled cells that can be dialled; null when none is filled. */
function dialableShare(body: Row[], column: number, country: string): number | null {
  const filled = body.map((row) => row.cells[column] ?? '').filter((cell) => cell.trim() !== '')
  if (filled.length === 0) return null
  return filled.filter((cell) => isDialable(cell, country)).length / filled.length
}

/** The cheap question first: a file may have 512 columns of prose. */
function isDialable(cell: string, country: string): boolean {
  return cell.length <= 200 && /\p{Nd}/u.test(cell) && normalizePhoneInput(cell, country).ok
}

function findPhoneColumns(labels: string[], shares: (number | null)[]): number[] {
  const named = labels
    .map((label, column) => ({ column, rank: rankOf(label, PHONE_WORDS) }))
    .filter((candidate): candidate is { column: number; rank: number } => candidate.rank !== null)
    .sort((a, b) => a.rank - b.rank || a.column - b.column)
    .map(({ column }) => column)
  const speaking = named.filter((column) => (shares[column] ?? 0) >= SOME)
  if (speaking.length > 0) return speaking
  const highest = Math.max(...shares.map((share) => share ?? 0))
  return highest >= SOME ? [shares.indexOf(highest)] : named.slice(0, 1)
}

function findNameColumn(labels: string[], phoneColumns: number[], bodyWithoutHeader: Row[] | null): number | null {
  if (bodyWithoutHeader !== null) return mostlyLetters(bodyWithoutHeader, phoneColumns)
  const ranked = labels
    .map((label, column) => ({ column, rank: NAME_WORDS.includes(label) ? -1 : rankOf(label, NAME_WORDS) }))
    .filter(
      (candidate): candidate is { column: number; rank: number } =>
        candidate.rank !== null && !phoneColumns.includes(candidate.column),
    )
    .sort((a, b) => a.rank - b.rank || a.column - b.column)
  return ranked[0]?.column ?? null
}

function mostlyLetters(body: Row[], phoneColumns: number[]): number | null {
  const width = body[0]?.cells.length ?? 0
  for (let column = 0; column < width; column++) {
    const worded = body.filter((row) => /^[\p{L}\s.'-]{2,}/u.test(row.cells[column] ?? '')).length
    if (!phoneColumns.includes(column) && worded * 2 > body.length) return column
  }
  return null
}

function headersOf(
  cells: string[],
  hasHeader: boolean,
  phoneColumn: number | undefined,
  nameColumn: number | null,
): string[] {
  const taken = new Set<string>()
  return cells.map((cell, column) => {
    const byRole = column === phoneColumn ? 'telefone' : column === nameColumn ? 'nome' : ''
    const own = hasHeader ? cleanHeader(cell) : byRole
    return uniqueHeader(own === '' ? `coluna ${column + 1}` : own, taken)
  })
}

function cleanHeader(cell: string): string {
  const visible = cell
    .replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  return [...visible.toWellFormed()].slice(0, MAX_HEADER_LENGTH).join('')
}

/** Templates look names up without case and accents, so headers must differ beyond these. */
function uniqueHeader(header: string, taken: Set<string>): string {
  let unique = header
  for (let number = 2; taken.has(plainLabel(unique)); number++) unique = `${header} ${number}`
  taken.add(plainLabel(unique))
  return unique
}
