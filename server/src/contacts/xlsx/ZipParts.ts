import { Readable } from 'node:stream'
import yauzl, { type Entry, type ZipFile } from 'yauzl'
import { collectGarbage } from '#server/lib/collectGarbage.ts'
import { CsvProblem } from '../csv/CsvProblem.ts'
import type { StoredFile } from '../UploadStore.ts'

/** Bytes that really come out of an archive, all parts together, whatever it says of their sizes. */
export const MAX_UNPACKED_BYTES = 200 * 1024 * 1024
/** XML leaves many times its size of garbage, also where no row comes of it: see collectGarbage. */
const COLLECT_EVERY_BYTES = 8 * 1024 * 1024
/** A workbook has some dozens of parts, one with many pictures some hundreds. */
const MAX_PARTS = 2000

/**
 * The parts of a ZIP archive by name, unpacked as they are read; nothing of it touches the disk, and archives within it
 * are never opened. Throws `CsvProblem`: SPREADSHEET_BROKEN, SPREADSHEET_TOO_LARGE, SPREADSHEET_FILE for one under a
 * password. What the file itself throws goes on as it is.
 */
export class ZipParts {
  readonly #zip: ZipFile
  readonly #reader: FileReader
  readonly #entries: Map<string, Entry>
  #unpacked = 0
  #collectedAt = 0

  private constructor(zip: ZipFile, reader: FileReader, entries: Map<string, Entry>) {
    this.#zip = zip
    this.#reader = reader
    this.#entries = entries
  }

  static async open(file: StoredFile): Promise<ZipParts> {
    const reader = new FileReader(file)
    try {
      const zip = await yauzl.fromRandomAccessReaderPromise(reader, file.size, { autoClose: false })
      return new ZipParts(zip, reader, await entriesOf(zip))
    } catch (error) {
      throw problemOf(error, reader)
    }
  }

  has(name: string): boolean {
    return this.#entries.has(name)
  }

  async *read(name: string): AsyncGenerator<Buffer> {
    const entry = this.#entries.get(name)
    if (entry === undefined) throw new CsvProblem('SPREADSHEET_BROKEN', null)
    if (entry.isEncrypted()) throw new CsvProblem('SPREADSHEET_FILE', null)
    try {
      const stream = await this.#zip.openReadStreamPromise(entry)
      for await (const bytes of stream as AsyncIterable<Buffer>) {
        this.#unpacked += bytes.length
        if (this.#unpacked > MAX_UNPACKED_BYTES) throw new CsvProblem('SPREADSHEET_TOO_LARGE', null)
        yield bytes
        await this.#collect()
      }
    } catch (error) {
      throw problemOf(error, this.#reader)
    }
  }

  async #collect(): Promise<void> {
    if (this.#unpacked - this.#collectedAt < COLLECT_EVERY_BYTES) return
    this.#collectedAt = this.#unpacked
    await collectGarbage()
  }
}

async function entriesOf(zip: ZipFile): Promise<Map<string, Entry>> {
  if (zip.entryCount > MAX_PARTS) throw new CsvProblem('SPREADSHEET_TOO_LARGE', null)
  const entries = new Map<string, Entry>()
  for await (const entry of zip.eachEntry()) {
    // Two parts of one name: what a person sees of the file would depend on the program.
    if (entries.has(entry.fileName)) throw new CsvProblem('SPREADSHEET_BROKEN', null)
    entries.set(entry.fileName, entry)
  }
  return entries
}

function problemOf(error: unknown, reader: FileReader): unknown {
  if (error instanceof CsvProblem) return error
  return reader.failure ?? new CsvProblem('SPREADSHEET_BROKEN', null, { cause: error })
}

class FileReader extends yauzl.RandomAccessReader {
  /** What the file threw, so that a database that is away is not taken for a broken archive. */
  failure: unknown = null
  readonly #file: StoredFile

  constructor(file: StoredFile) {
    super()
    this.#file = file
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.#pieces(start, end), { objectMode: false })
  }

  /** The directory is read in steps of some bytes, each of which would be a chain of streams. */
  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    void tell(this.#copy(buffer, offset, position, position + length), callback)
  }

  async #copy(buffer: Buffer, offset: number, start: number, end: number): Promise<void> {
    let at = offset
    for await (const bytes of this.#pieces(start, end)) at += bytes.copy(buffer, at)
    if (at - offset !== end - start) throw new Error('unexpected EOF')
  }

  async *#pieces(start: number, end: number): AsyncGenerator<Buffer> {
    try {
      yield* this.#file.read(start, end)
    } catch (error) {
      this.failure = error
      throw error
    }
  }
}

async function tell(work: Promise<void>, callback: (error: Error | null) => void): Promise<void> {
  let failure: Error | null = null
  try {
    await work
  } catch (error) {
    failure = error as Error
  }
  callback(failure)
}
