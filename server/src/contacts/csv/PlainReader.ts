import type { Delimiter } from './detectDelimiter.ts'

type Record = { cells: string[]; next: number }
/** The record goes on behind the text. */
const INCOMPLETE = 'incomplete'
/** Quotes stand in it in a way that programs disagree about. */
const ODD = 'odd'

/** A record that goes on for so long is left to the full parser, which knows when to give it up. */
const LONGEST_TAIL = 131_072

/**
 * Cuts text into records as RFC 4180 has them, several times as fast as a parser that knows every shape. What it is not
 * sure of it does not read: from the beginning of that record on everything is for the full parser. Every line end (LF,
 * CRLF, CR) counts, and a quote within an unquoted cell is a character like any other.
 */
export class PlainReader {
  readonly #delimiter: Delimiter
  /** Hears of every record; of a blank line with no cells. */
  readonly #keep: (cells: string[]) => void
  #text = ''
  #isLast = false
  /** Where the next of each stands, once looked for. */
  readonly #places = { '\n': -1, '\r': -1, '"': -1 }

  constructor(delimiter: Delimiter, keep: (cells: string[]) => void) {
    this.#delimiter = delimiter
    this.#keep = keep
  }

  /** Returns what is left to the full parser; null as long as all is well. `last`: nothing follows. */
  write(text: string, last: boolean): string | null {
    this.#text = this.#text === '' ? text : this.#text + text
    this.#isLast = last
    this.#places['\n'] = this.#places['\r'] = this.#places['"'] = -1
    let at = 0
    while (at < this.#text.length) {
      const record = this.#read(at)
      if (record === ODD) return this.#text.slice(at)
      if (record === INCOMPLETE) break
      this.#keep(record.cells)
      at = record.next
    }
    this.#text = this.#text.slice(at)
    return this.#text.length > LONGEST_TAIL || (last && this.#text !== '') ? this.#text : null
  }

  #read(at: number): Record | typeof INCOMPLETE | typeof ODD {
    const end = this.#lineEnd(at)
    if (this.#place('"', at) < end) return this.#readQuoted(at)
    if (!this.#isKnown(end)) return INCOMPLETE
    return { cells: end === at ? [] : this.#text.slice(at, end).split(this.#delimiter), next: this.#lineAfter(end) }
  }

  #readQuoted(start: number): Record | typeof INCOMPLETE | typeof ODD {
    const cells: string[] = []
    for (let at = start; ; at += 1) {
      const end = this.#text[at] === '"' ? this.#closingQuote(at) + 1 : this.#cellEnd(at)
      if (!this.#isKnown(end)) return INCOMPLETE
      const cell = this.#text.slice(at, end)
      cells.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)
      at = end
      const mark = this.#text[end]
      if (mark === this.#delimiter) continue
      return mark === undefined || mark === '\n' || mark === '\r' ? { cells, next: this.#lineAfter(end) } : ODD
    }
  }

  #closingQuote(open: number): number {
    let at = this.#text.indexOf('"', open + 1)
    while (at >= 0 && this.#text[at + 1] === '"') at = this.#text.indexOf('"', at + 2)
    return at < 0 ? Infinity : at
  }

  #cellEnd(at: number): number {
    const delimiter = this.#text.indexOf(this.#delimiter, at)
    const line = this.#lineEnd(at)
    return delimiter < 0 || delimiter > line ? line : delimiter
  }

  /** Also where the last line ends without a line end. */
  #lineEnd(at: number): number {
    const end = Math.min(this.#place('\n', at), this.#place('\r', at))
    return end === Infinity && this.#isLast ? this.#text.length : end
  }

  /** Whether what comes at `end` is in the text: of CR, and of a quote, the next character tells more. */
  #isKnown(end: number): boolean {
    if (this.#isLast) return end <= this.#text.length
    return this.#text[end] === '\r' ? end + 1 < this.#text.length : end < this.#text.length
  }

  #lineAfter(end: number): number {
    return this.#text[end] === '\r' && this.#text[end + 1] === '\n' ? end + 2 : end + 1
  }

  #place(mark: '\n' | '\r' | '"', at: number): number {
    if (this.#places[mark] < at) {
      const found = this.#text.indexOf(mark, at)
      this.#places[mark] = found < 0 ? Infinity : found
    }
    return this.#places[mark]
  }
}
