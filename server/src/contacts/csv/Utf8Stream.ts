import { isAscii, isUtf8 } from 'node:buffer'
import { incompleteTail, type FileEncoding } from './detectEncoding.ts'
import { ForeignText } from './ForeignText.ts'

/** What `Utf8Stream` throws: the text broke `line` line ends after the start of the bytes given. */
export class UndecodableError extends Error {
  readonly line: number
  constructor(line: number) {
    super('The bytes are not text in the encoding of the file.')
    this.line = line
  }
}

const NEWLINE = 0x0a

/** Windows-1252 differs from Latin-1 in 0x80–0x9f only; five of these are no characters at all. */
const WINDOWS_1252 = '€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ'
const NO_CHARACTERS = /[\x81\x8d\x8f\x90\x9d]/

/**
 * Turns the bytes of a file into UTF-8, chunk by chunk, never splitting a character and never putting a replacement
 * character where text was: bytes that fit no encoding throw `UndecodableError`, and so does windows-1252 that reads
 * like another encoding. A file that was plain ASCII so far and then is not UTF-8 goes on as windows-1252, where ASCII
 * means the same; any other change of mind would garble what was read before. `isDeclared`: the file itself says what it
 * is, so nothing else is tried.
 */
export class Utf8Stream {
  encoding: FileEncoding
  private onlyAscii = true
  private held: Buffer = Buffer.alloc(0)
  private readonly utf16: InstanceType<typeof TextDecoder> | null
  private readonly foreign = new ForeignText()
  private readonly isDeclared: boolean

  constructor(encoding: FileEncoding, isDeclared = false) {
    this.encoding = encoding
    this.isDeclared = isDeclared
    const isUtf16 = encoding === 'utf-16le' || encoding === 'utf-16be'
    this.utf16 = isUtf16 ? new TextDecoder(encoding, { fatal: true, ignoreBOM: true }) : null
  }

  /** `last`: nothing follows, so a character cut short is an error. */
  write(bytes: Buffer, last: boolean): Buffer {
    if (this.utf16 !== null) return this.fromUtf16(bytes, last)
    return this.encoding === 'windows-1252' ? this.fromWindows1252(bytes) : this.fromUtf8(bytes, last)
  }

  private fromUtf8(bytes: Buffer, last: boolean): Buffer {
    const all = this.held.length === 0 ? bytes : Buffer.concat([this.held, bytes])
    const whole = last ? all : all.subarray(0, all.length - incompleteTail(all))
    this.held = Buffer.from(all.subarray(whole.length))
    if (this.onlyAscii && isAscii(whole)) return whole
    if (!isUtf8(whole)) return this.changeMind(all)
    this.onlyAscii = false
    return whole
  }

  private changeMind(all: Buffer): Buffer {
    if (!this.onlyAscii || this.isDeclared) throw new UndecodableError(lineWhere(all, (line) => !isUtf8(line)))
    this.encoding = 'windows-1252'
    this.held = Buffer.alloc(0)
    return this.fromWindows1252(all)
  }

  private fromWindows1252(bytes: Buffer): Buffer {
    const text = fromWindows1252(bytes)
    if (this.foreign.add(bytes, text)) throw new UndecodableError(lineWhere(bytes, (line) => !isUtf8(line)))
    return text
  }

  private fromUtf16(bytes: Buffer, last: boolean): Buffer {
    const all = this.held.length === 0 ? bytes : Buffer.concat([this.held, bytes])
    const whole = last ? all : all.subarray(0, all.length - halfUtf16(all, this.encoding))
    this.held = Buffer.from(all.subarray(whole.length))
    try {
      return Buffer.from(this.utf16?.decode(whole) ?? '')
    } catch (error) {
      const [before = ''] = new TextDecoder(this.encoding, { ignoreBOM: true }).decode(whole).split('\ufffd', 1)
      throw Object.assign(new UndecodableError(before.split('\n').length - 1), { cause: error })
    }
  }
}

/** How many bytes at the end wait for the rest of their character: half a unit, the first of two units, or both. */
function halfUtf16(bytes: Buffer, encoding: FileEncoding): number {
  const odd = bytes.length % 2
  const end = bytes.length - odd
  const high = end < 2 ? 0 : (bytes[encoding === 'utf-16le' ? end - 1 : end - 2] ?? 0)
  return high >= 0xd8 && high <= 0xdb ? odd + 2 : odd
}

function fromWindows1252(bytes: Buffer): Buffer {
  if (isAscii(bytes)) return bytes
  const text = bytes.toString('latin1')
  if (!/[\x80-\x9f]/.test(text)) return Buffer.from(text)
  if (NO_CHARACTERS.test(text))
    throw new UndecodableError(lineWhere(bytes, (line) => NO_CHARACTERS.test(line.toString('latin1'))))
  return Buffer.from(text.replace(/[\x80-\x9f]/g, (c) => WINDOWS_1252[c.charCodeAt(0) - 0x80] ?? ''))
}

/** How many line ends stand before the first line that `isBad`. */
function lineWhere(bytes: Buffer, isBad: (line: Buffer) => boolean): number {
  let line = 0
  for (let at = 0; at < bytes.length; line++) {
    const end = bytes.indexOf(NEWLINE, at)
    const next = end < 0 ? bytes.length : end + 1
    if (isBad(bytes.subarray(at, next))) return line
    at = next
  }
  return line
}
