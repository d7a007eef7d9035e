import { setImmediate as nextTurn } from 'node:timers/promises'
import { CsvError, parse, type Parser } from 'csv-parse'
import { CsvProblem } from './CsvProblem.ts'
import { SEPARATOR_LINE, type Delimiter } from './detectDelimiter.ts'
import { PlainReader } from './PlainReader.ts'
import { UndecodableError, type Utf8Stream } from './Utf8Stream.ts'

/** One row as it stands in the file; `line` is where it starts, counted from 1. */
export type Row = { line: number; cells: string[] }

/** One row with its quotes and line ends. Without a limit an unclosed quote would buffer the rest of the file. */
const MAX_ROW_BYTES = 1024 * 1024
/** What is parsed in one go: about 3 ms, so that other work of the process gets its turn in between. */
const SLICE_BYTES = 65_536

/**
 * Reads rows in batches, as the bytes come; blank lines are no rows. Throws `CsvProblem` with a line for an unclosed
 * quote, a row beyond 1 MiB and text that does not fit the encoding. Memory does not depend on the size of the file.
 */
export async function* parseRows(
  bytes: AsyncIterable<Buffer>,
  text: Utf8Stream,
  delimiter: Delimiter,
): AsyncGenerator<Row[]> {
  const reader = new RowReader(delimiter)
  for await (const slice of slices(bytes)) {
    await reader.write(decode(text, slice, false, reader))
    if (reader.rows.length > 0) yield reader.take()
    await nextTurn()
  }
  await reader.end(decode(text, Buffer.alloc(0), true, reader))
  if (reader.rows.length > 0) yield reader.take()
}

async function* slices(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length; at += SLICE_BYTES) yield chunk.subarray(at, at + SLICE_BYTES)
  }
}

function decode(text: Utf8Stream, bytes: Buffer, last: boolean, reader: RowReader): Buffer {
  try {
    return text.write(bytes, last)
  } catch (error) {
    if (!(error instanceof UndecodableError)) throw error
    throw new CsvProblem('BAD_ENCODING', reader.nextLine + error.line, { cause: error })
  }
}

class RowReader {
  rows: Row[] = []
  /** Line on which the next row starts, as far as is known. */
  nextLine = 1
  private readonly delimiter: Delimiter
  private readonly plain: PlainReader
  /** Once there is something that `plain` does not read. */
  private parser: Parser | null = null
  /** The parser's own counts at the last row. */
  private parserLine = 0
  private emptyLines = 0
  private isFirst = true

  constructor(delimiter: Delimiter) {
    this.delimiter = delimiter
    this.plain = new PlainReader(delimiter, (cells) => this.keepPlain(cells))
  }

  take(): Row[] {
    const rows = this.rows
    this.rows = []
    return rows
  }

  async write(text: Buffer): Promise<void> {
    if (text.length === 0) return
    const first = this.isFirst ? this.withoutSeparatorLine(text) : text
    this.isFirst = false
    if (this.parser === null) await this.writePlain(first.toString(), false)
    else await this.parse(this.parser, first)
  }

  async end(text: Buffer): Promise<void> {
    await this.write(text)
    if (this.parser === null) await this.writePlain('', true)
    const { parser } = this
    if (parser !== null) await this.settled((done) => parser.end(done))
  }

  private async writePlain(text: string, last: boolean): Promise<void> {
    const rest = this.plain.write(text, last)
    if (rest === null) return
    this.parser = this.createParser()
    await this.parse(this.parser, Buffer.from(rest))
  }

  private parse(parser: Parser, text: Buffer): Promise<void> {
    return this.settled((done) => parser.write(text, done))
  }

  private createParser(): Parser {
    const parser = parse({
      delimiter: this.delimiter,
      // Files glued together mix them.
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_quotes: true,
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: MAX_ROW_BYTES,
      // Taking the rows here spares the parser's output stream, which costs as much as the parsing.
      on_record: (cells: string[], { lines, empty_lines }) => this.keep(cells, lines, empty_lines),
    })
    parser.on('error', () => undefined)
    parser.resume()
    return parser
  }

  private settled(act: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      act((error) => (error ? reject(this.problemOf(error)) : resolve()))
    })
  }

  /** A blank line has no cells. */
  private keepPlain(cells: string[]): void {
    if (cells.length > 0) this.rows.push({ line: this.nextLine, cells })
    this.nextLine += 1 + lineEndsIn(cells)
  }

  private keep(cells: string[], parserLine: number, emptyLines: number): null {
    const start = this.nextLine + emptyLines - this.emptyLines
    this.emptyLines = emptyLines
    this.parserLine = parserLine
    this.nextLine = start + 1 + lineEndsIn(cells)
    this.rows.push({ line: start, cells })
    return null
  }

  private withoutSeparatorLine(text: Buffer): Buffer {
    const length = SEPARATOR_LINE.exec(text.subarray(0, 64).toString())?.[0].length ?? 0
    if (length > 0) this.nextLine = 2
    return text.subarray(length)
  }

  private problemOf(error: unknown): unknown {
    if (!(error instanceof CsvError)) return error
    const lines = Number(error['lines']) - this.parserLine - (Number(error['empty_lines']) - this.emptyLines)
    const isUnclosed = error.code === 'CSV_QUOTE_NOT_CLOSED' || lines > 1
    return new CsvProblem(isUnclosed ? 'UNCLOSED_QUOTE' : 'ROW_TOO_LARGE', this.nextLine, { cause: error })
  }
}

/** The parser's own line count takes CRLF within quotes for two. */
function lineEndsIn(cells: string[]): number {
  let ends = 0
  for (const cell of cells) {
    if (cell.includes('\n') || cell.includes('\r')) ends += cell.match(/\r\n|\n|\r/g)?.length ?? 0
  }
  return ends
}
