import { CsvProblem } from '../csv/CsvProblem.ts'

/** Excel's cells hold 32,767 characters; other programs write more. */
const MAX_CHARACTERS = 1024 * 1024

/** Gathers a text that may be in several runs of its own looks; how a Japanese text is to be pronounced is left out. */
export class StringText {
  #text = ''
  #isWithin = false
  #pronounced = 0

  begin(): void {
    this.#text = ''
    this.#isWithin = false
    this.#pronounced = 0
  }

  open(name: string): void {
    if (name === 'rPh') this.#pronounced += 1
    this.#isWithin = name === 't' && this.#pronounced === 0
  }

  add(part: string): void {
    if (!this.#isWithin) return
    this.#text += part
    if (this.#text.length > MAX_CHARACTERS) throw new CsvProblem('ROW_TOO_LARGE', null)
  }

  close(name: string): void {
    if (name === 'rPh') this.#pronounced -= 1
    this.#isWithin = false
  }

  end(): string {
    return withoutEscapes(this.#text)
  }
}

/** `_x000D_` stands for a character that XML cannot hold, `_x005F_` for an underscore before what would look like one. */
export function withoutEscapes(text: string): string {
  if (!text.includes('_x')) return text
  return text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
