import { isUtf8 } from 'node:buffer'
import { CsvProblem } from './CsvProblem.ts'

export type FileEncoding = 'utf-8' | 'windows-1252' | 'utf-16le' | 'utf-16be'

/** How much of a file is looked at before anything is decided about it. */
export const HEAD_BYTES = 65_536

const SPREADSHEETS = ['504b0304', 'd0cf11e0a1b11ae1']
const OTHER_BINARIES = ['25504446', '89504e47', 'ffd8ff', '1f8b', '47494638', '377abcaf', '52617221', '7b5c727466']

/**
 * The encoding of a text file from its first 64 KiB, and the length of its byte order mark. Throws `CsvProblem` for
 * files that are no text: a spreadsheet, an archive, a picture. `bomLength` is 0 where the file does not say itself what
 * it is.
 */
export function detectEncoding(head: Buffer): { encoding: FileEncoding; bomLength: number } {
  const start = head.subarray(0, 8).toString('hex')
  if (SPREADSHEETS.some((magic) => start.startsWith(magic))) throw new CsvProblem('SPREADSHEET_FILE', null)
  if (OTHER_BINARIES.some((magic) => start.startsWith(magic))) throw new CsvProblem('BINARY_FILE', null)
  if (start.startsWith('efbbbf')) return { encoding: 'utf-8', bomLength: 3 }
  if (start.startsWith('fffe')) return { encoding: 'utf-16le', bomLength: 2 }
  if (start.startsWith('feff')) return { encoding: 'utf-16be', bomLength: 2 }
  return { encoding: encodingWithoutMark(head), bomLength: 0 }
}

function encodingWithoutMark(head: Buffer): FileEncoding {
  const zeros = countZeros(head)
  // Western text in UTF-16 has a zero in nearly every second byte, always on the same side.
  if (zeros.odd * 4 > head.length && zeros.even * 20 < head.length) return 'utf-16le'
  if (zeros.even * 4 > head.length && zeros.odd * 20 < head.length) return 'utf-16be'
  // A stray NUL in a text file is cleaned away later; many of them mean that it is no text.
  const zeroCount = zeros.even + zeros.odd
  if (zeroCount >= 8 && zeroCount * 50 > head.length) throw new CsvProblem('BINARY_FILE', null)
  return isUtf8(head.subarray(0, head.length - incompleteTail(head))) ? 'utf-8' : 'windows-1252'
}

function countZeros(head: Buffer): { even: number; odd: number } {
  const zeros = { even: 0, odd: 0 }
  for (let at = 0; at < head.length; at++) if (head[at] === 0) zeros[at % 2 === 0 ? 'even' : 'odd'] += 1
  return zeros
}

/** How many bytes at the end begin a UTF-8 character that goes on in the next chunk: 0 to 3. */
export function incompleteTail(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte < 0x80) return 0
    if (byte < 0xc0) continue
    return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0
  }
  return 0
}
