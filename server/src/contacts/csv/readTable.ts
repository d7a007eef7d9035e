import { CsvProblem } from './CsvProblem.ts'
import { detectDelimiter, type Delimiter } from './detectDelimiter.ts'
import { detectEncoding, HEAD_BYTES, type FileEncoding } from './detectEncoding.ts'
import { parseRows, type Row } from './parseRows.ts'
import { readColumns, type TableColumns } from './tableColumns.ts'
import { Utf8Stream } from './Utf8Stream.ts'

/** How many rows are looked at to find out what the columns mean. */
const SAMPLE_ROWS = 100

export type Table = {
  columns: TableColumns
  /** Line of the first row, the header where there is one. */
  firstLine: number
  /** Null for a workbook. */
  delimiter: Delimiter | null
  /** May turn from utf-8 to windows-1252 while rows are read; see `Utf8Stream`. */
  encoding(): FileEncoding | 'xlsx'
  /** Names of the sheets of a workbook, and of the one that is read. */
  sheets: string[]
  sheet: string | null
  /** Data rows in batches of what a slice of the file held; without the header. Can be read once. */
  batches: AsyncGenerator<Row[]>
  /** Lets go of the file. Needed only where the rows are not read to their end. */
  close(): Promise<void>
}

/**
 * Opens a CSV file of any usual shape: encoding, delimiter, header and the meaning of its columns are found out from
 * its beginning. Throws `CsvProblem`, here or while the rows are read.
 */
export async function readTable(bytes: AsyncIterable<Buffer>, defaultCountry: string): Promise<Table> {
  const { head, rest } = await readHead(bytes)
  if (head.length === 0) throw new CsvProblem('EMPTY_FILE', null)
  const { encoding, bomLength } = detectEncoding(head)
  const text = new Utf8Stream(encoding, bomLength > 0)
  const delimiter = detectDelimiter(previewOf(head.subarray(bomLength), encoding))
  const rows = parseRows(chain(head.subarray(bomLength), rest), text, delimiter)
  const table = await tableOf(rows, defaultCountry)
  return { ...table, delimiter, encoding: () => text.encoding, sheets: [], sheet: null }
}

/** What any rows come to as a table. When it throws, the rows are let go of. */
export async function tableOf(
  rows: AsyncGenerator<Row[]>,
  defaultCountry: string,
): Promise<Pick<Table, 'columns' | 'firstLine' | 'batches' | 'close'>> {
  try {
    const first = await readSample(rows)
    const columns = readColumns(first.slice(0, SAMPLE_ROWS + 1), defaultCountry)
    const body = columns.hasHeader ? first.slice(1) : first
    const close = async () => void (await rows.return(undefined))
    return { columns, firstLine: first[0]?.line ?? 1, batches: withFirst(body, rows), close }
  } catch (error) {
    await rows.return(undefined)
    throw error
  }
}

async function readHead(bytes: AsyncIterable<Buffer>): Promise<{ head: Buffer; rest: AsyncIterator<Buffer> }> {
  const rest = bytes[Symbol.asyncIterator]()
  const parts: Buffer[] = []
  let length = 0
  while (length < HEAD_BYTES) {
    const { value, done } = await rest.next()
    if (done === true) break
    parts.push(value)
    length += value.length
  }
  return { head: Buffer.concat(parts), rest }
}

function previewOf(head: Buffer, encoding: FileEncoding): string {
  const start = head.subarray(0, HEAD_BYTES)
  if (encoding === 'windows-1252') return start.toString('latin1')
  return new TextDecoder(encoding).decode(start)
}

async function* chain(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield head
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
}

/** The batches that hold the first rows; the rest is read later. */
async function readSample(rows: AsyncGenerator<Row[]>): Promise<Row[]> {
  const sample: Row[] = []
  while (sample.length <= SAMPLE_ROWS) {
    const { value, done } = await rows.next()
    if (done === true) break
    sample.push(...value)
  }
  return sample
}

async function* withFirst(first: Row[], rest: AsyncGenerator<Row[]>): AsyncGenerator<Row[]> {
  if (first.length > 0) yield first
  yield* rest
}
