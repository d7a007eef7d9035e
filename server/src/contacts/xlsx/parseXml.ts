import { SaxesParser } from 'saxes'
import { CsvProblem } from '../csv/CsvProblem.ts'

/** Names come without their prefix; entities that a document declares itself are refused with the document. */
export type XmlHandler = {
  open?(name: string, attributes: Record<string, string>): void
  text?(text: string): void
  close?(name: string): void
}

/** Of elements within each other. Workbooks need some eight. */
const MAX_DEPTH = 64
/** What may come without the end of a tag or a text: the parser holds it all in memory. */
const MAX_SILENT_CHARACTERS = 1024 * 1024

/**
 * Reads an XML document as its bytes come and yields after each piece of it, so that what the handler gathered can be
 * taken away. Throws `CsvProblem` SPREADSHEET_BROKEN for what is no XML in UTF-8, is nested too deep or declares a
 * document type, ROW_TOO_LARGE for a text or tag beyond 1 MiB.
 */
export async function* parseXml(bytes: AsyncIterable<Buffer>, handler: XmlHandler): AsyncGenerator<void> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const parser = new BoundedParser(handler)
  for await (const piece of bytes) {
    parser.write(decode(decoder, piece, true))
    yield
  }
  parser.write(decode(decoder, Buffer.alloc(0), false))
  parser.end()
  yield
}

function decode(decoder: InstanceType<typeof TextDecoder>, bytes: Buffer, stream: boolean): string {
  try {
    return decoder.decode(bytes, { stream })
  } catch (error) {
    throw new CsvProblem('SPREADSHEET_BROKEN', null, { cause: error })
  }
}

class BoundedParser {
  readonly #parser = new SaxesParser<{ xmlns: false; position: false }>({ xmlns: false, position: false })
  #silent = 0
  #depth = 0

  constructor(handler: XmlHandler) {
    const parser = this.#parser
    parser.on('error', (error) => {
      throw new CsvProblem('SPREADSHEET_BROKEN', null, { cause: error })
    })
    parser.on('doctype', () => {
      throw new CsvProblem('SPREADSHEET_BROKEN', null)
    })
    parser.on('opentag', ({ name, attributes }) => {
      this.#step(1)
      handler.open?.(localName(name), attributes)
    })
    parser.on('closetag', ({ name }) => {
      this.#step(-1)
      handler.close?.(localName(name))
    })
    parser.on('text', (text) => {
      this.#silent = 0
      handler.text?.(text)
    })
    parser.on('cdata', (text) => {
      this.#silent = 0
      handler.text?.(text)
    })
  }

  write(text: string): void {
    this.#parser.write(text)
    this.#silent += text.length
    if (this.#silent > MAX_SILENT_CHARACTERS) throw new CsvProblem('ROW_TOO_LARGE', null)
  }

  end(): void {
    this.#parser.close()
  }

  #step(by: 1 | -1): void {
    this.#silent = 0
    this.#depth += by
    if (this.#depth > MAX_DEPTH) throw new CsvProblem('SPREADSHEET_BROKEN', null)
  }
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}
