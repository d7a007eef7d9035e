import { CsvProblem } from '../csv/CsvProblem.ts'
import type { Row } from '../csv/parseRows.ts'
import { MAX_COLUMNS } from '../csv/tableColumns.ts'
import { dateText, isoDateText, plainNumber, type NumberKind } from './cellNumbers.ts'
import { parseXml, type XmlHandler } from './parseXml.ts'
import type { SharedStrings } from './SharedStrings.ts'
import { StringText, withoutEscapes } from './StringText.ts'

/** What the cells of a sheet refer to. */
export type SheetContext = { strings: SharedStrings; kinds: NumberKind[]; from1904: boolean }

/** Excel's own limit. */
const MAX_LINE = 1_048_576
/** As of a row of a CSV. */
const MAX_ROW_CHARACTERS = 1024 * 1024

/**
 * The rows of a sheet in batches, as the bytes come; rows without any text are no rows. Of merged cells the first has
 * the text, as in the file. Throws `CsvProblem` with the number of the row.
 */
export async function* parseSheet(xml: AsyncIterable<Buffer>, context: SheetContext): AsyncGenerator<Row[]> {
  const reader = new SheetReader(context)
  for await (const _piece of parseXml(xml, reader)) {
    if (reader.rows.length > 0) yield reader.take()
    if (reader.hasEnded) return
  }
}

type Cell = { column: number; type: string; kind: NumberKind; text: string; isShared: boolean }

class SheetReader implements XmlHandler {
  rows: Row[] = []
  /** What comes after the rows does not matter. */
  hasEnded = false
  readonly #context: SheetContext
  readonly #inline = new StringText()
  #isWithin = false
  #line = 0
  #cells: string[] = []
  #characters = 0
  #nextColumn = 0
  #cell: Cell | null = null
  #isValue = false

  constructor(context: SheetContext) {
    this.#context = context
  }

  take(): Row[] {
    const rows = this.rows
    this.rows = []
    return rows
  }

  open(name: string, attributes: Record<string, string>): void {
    if (name === 'sheetData') this.#isWithin = true
    if (!this.#isWithin || this.hasEnded) return
    if (name === 'row') this.#beginRow(attributes['r'])
    else if (name === 'c') this.#beginCell(attributes)
    else if (name === 'v') this.#isValue = true
    else this.#inline.open(name)
  }

  text(text: string): void {
    if (this.#cell === null) return
    if (!this.#isValue) return this.#inline.add(text)
    this.#cell.text += text
    this.#count(text)
  }

  close(name: string): void {
    if (name === 'sheetData') this.hasEnded = true
    else if (name === 'row') this.#endRow()
    else if (name === 'c') this.#endCell()
    else if (name === 'v') this.#isValue = false
    else this.#inline.close(name)
  }

  #beginRow(number: string | undefined): void {
    const line = number === undefined ? this.#line + 1 : Number(number)
    // Reports name rows by their number: two of one number could not be told apart.
    if (!Number.isInteger(line) || line <= this.#line) throw new CsvProblem('SPREADSHEET_BROKEN', this.#line + 1)
    if (line > MAX_LINE) throw new CsvProblem('SPREADSHEET_TOO_LARGE', line)
    this.#line = line
    this.#cells = []
    this.#characters = 0
    this.#nextColumn = 0
  }

  #endRow(): void {
    if (this.#cells.some((cell) => cell !== '')) this.rows.push({ line: this.#line, cells: this.#cells })
    this.#cells = []
  }

  #beginCell({ r: reference, t: type = 'n', s: style }: Record<string, string>): void {
    const column = reference === undefined ? this.#nextColumn : columnOf(reference)
    if (column === null) throw new CsvProblem('SPREADSHEET_BROKEN', this.#line)
    this.#nextColumn = column + 1
    const kind = this.#context.kinds[Number(style ?? 0)] ?? 'number'
    this.#cell = { column, type, kind, text: '', isShared: type === 's' }
    this.#isValue = false
    this.#inline.begin()
  }

  #endCell(): void {
    const cell = this.#cell
    this.#cell = null
    if (cell === null) return
    const text = this.#textOf(cell)
    if (text === '') return
    if (cell.column >= MAX_COLUMNS) throw new CsvProblem('TOO_MANY_COLUMNS', this.#line)
    if (cell.type === 's' || cell.type === 'inlineStr') this.#count(text)
    while (this.#cells.length < cell.column) this.#cells.push('')
    this.#cells[cell.column] = text
  }

  #textOf({ type, kind, text }: Cell): string {
    if (type === 'inlineStr') return this.#inline.end()
    if (text === '') return ''
    if (type === 's') return this.#shared(text)
    if (type === 'b') return text === '1' || text === 'true' ? 'VERDADEIRO' : 'FALSO'
    if (type === 'd') return isoDateText(text)
    if (type !== 'n') return withoutEscapes(text)
    return kind === 'number' ? plainNumber(text.trim()) : dateText(text.trim(), kind, this.#context.from1904)
  }

  #shared(index: string): string {
    const text = this.#context.strings.get(Number(index))
    if (text === undefined) throw new CsvProblem('SPREADSHEET_BROKEN', this.#line)
    return text
  }

  #count(text: string): void {
    this.#characters += text.length
    if (this.#characters > MAX_ROW_CHARACTERS) throw new CsvProblem('ROW_TOO_LARGE', this.#line)
  }
}

/** `BC12` is column 54, counted from 0; null for what is no reference. */
function columnOf(reference: string): number | null {
  const letters = /^\$?([A-Z]{1,3})\$?\d+$/.exec(reference)?.[1]
  if (letters === undefined) return null
  let column = 0
  for (const letter of letters) column = column * 26 + letter.charCodeAt(0) - 64
  return column - 1
}
