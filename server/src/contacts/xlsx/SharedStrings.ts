import { CsvProblem } from '../csv/CsvProblem.ts'
import { StringText } from './StringText.ts'
import { parseXml } from './parseXml.ts'

const PAGE_BYTES = 1024 * 1024
const INDEX_PAGE = 65_536
/** Cells of a workbook name their texts by number, in any order, so all of them must be at hand: in memory, as bytes. */
const MAX_BYTES = 24 * 1024 * 1024
const MAX_STRINGS = 3_000_000

/** The texts of a workbook, some of them in a million cells. 1 MB of text costs 1 MB and 4 bytes a text. */
export class SharedStrings {
  readonly #pages: Buffer[] = []
  readonly #ends: Uint32Array[] = []
  #count = 0
  #bytes = 0

  /** Throws `CsvProblem`: SPREADSHEET_TOO_LARGE for more than is held, and what `parseXml` throws. */
  static async read(xml: AsyncIterable<Buffer>): Promise<SharedStrings> {
    const strings = new SharedStrings()
    const text = new StringText()
    const handler = {
      open: (name: string) => (name === 'si' ? text.begin() : text.open(name)),
      text: (part: string) => text.add(part),
      close: (name: string) => (name === 'si' ? strings.#add(text.end()) : text.close(name)),
    }
    for await (const _piece of parseXml(xml, handler)) continue
    return strings
  }

  /** Undefined when there is no text of this number. */
  get(index: number): string | undefined {
    if (!Number.isInteger(index) || index < 0 || index >= this.#count) return undefined
    const start = index === 0 ? 0 : this.#endOf(index - 1)
    return this.#slice(start, this.#endOf(index))
  }

  #add(text: string): void {
    const bytes = Buffer.from(text)
    if (this.#bytes + bytes.length > MAX_BYTES || this.#count >= MAX_STRINGS)
      throw new CsvProblem('SPREADSHEET_TOO_LARGE', null)
    for (let at = 0; at < bytes.length;) {
      const within = this.#bytes % PAGE_BYTES
      if (within === 0) this.#pages.push(Buffer.allocUnsafeSlow(PAGE_BYTES))
      const copied = bytes.copy(this.#pages.at(-1) ?? Buffer.alloc(0), within, at)
      at += copied
      this.#bytes += copied
    }
    if (this.#count % INDEX_PAGE === 0) this.#ends.push(new Uint32Array(INDEX_PAGE))
    const page = this.#ends.at(-1)
    if (page !== undefined) page[this.#count % INDEX_PAGE] = this.#bytes
    this.#count += 1
  }

  #endOf(index: number): number {
    return this.#ends[Math.floor(index / INDEX_PAGE)]?.[index % INDEX_PAGE] ?? 0
  }

  #slice(start: number, end: number): string {
    const first = Math.floor(start / PAGE_BYTES)
    const within = start - first * PAGE_BYTES
    const page = this.#pages[first]
    if (page !== undefined && within + end - start <= PAGE_BYTES)
      return page.toString('utf8', within, within + end - start)
    const parts = this.#pages.slice(first, Math.ceil(end / PAGE_BYTES))
    return Buffer.concat(parts).toString('utf8', within, within + end - start)
  }
}
