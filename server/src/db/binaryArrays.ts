/*
 * Long arrays as parameters, in PostgreSQL's binary format (array_send): as text every value is quoted by us and read
 * character by character there, which for a batch of rows costs more than storing it.
 */

const INT4 = 23
const TEXT = 25
const HEADER_BYTES = 20

/** For a parameter that is cast to `text[]`. */
export function textArray(texts: readonly string[]): Buffer {
  let length = HEADER_BYTES
  for (const text of texts) length += 4 + Buffer.byteLength(text)
  const bytes = Buffer.allocUnsafe(length)
  let at = writeHeader(bytes, TEXT, texts.length)
  for (const text of texts) {
    const written = bytes.write(text, at + 4)
    bytes.writeInt32BE(written, at)
    at += 4 + written
  }
  return bytes
}

/** For a parameter that is cast to `integer[]`. */
export function integerArray(integers: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + 8 * integers.length)
  let at = writeHeader(bytes, INT4, integers.length)
  for (const integer of integers) {
    at = bytes.writeInt32BE(4, at)
    at = bytes.writeInt32BE(integer, at)
  }
  return bytes
}

/** One dimension, no nulls, counted from 1. Returns where the values begin. */
function writeHeader(bytes: Buffer, elementType: number, count: number): number {
  let at = 0
  for (const part of [1, 0, elementType, count, 1]) at = bytes.writeInt32BE(part, at)
  return at
}
