import { createHash, type Hash } from 'node:crypto'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { TransferRefused } from './session.ts'

/*
 * A stream of frames: one byte for the kind, four for the length (big-endian), then so many bytes. The last one holds
 * the SHA-256 of all before it, so that a file that was cut short or changed is known as such.
 */

export type FrameKind = 'header' | 'table' | 'rows' | 'tableEnd' | 'sequences' | 'end'

export type Frame = { kind: FrameKind; body: Buffer }

const KINDS: readonly FrameKind[] = ['header', 'table', 'rows', 'tableEnd', 'sequences', 'end']
const HEAD_BYTES = 5
/** More than the rows of one chunk of COPY; a length beyond it is no length of ours. */
const MAX_BODY = 256 * 1024 * 1024

const DAMAGED = 'The backup is damaged or was cut short; nothing of it was taken over.'

/** Writes frames, no faster than `output` takes them. */
export class FrameWriter {
  readonly #output: Writable
  readonly #hash: Hash = createHash('sha256')

  constructor(output: Writable) {
    this.#output = output
  }

  async write(kind: FrameKind, body: Buffer | object): Promise<void> {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body))
    const head = Buffer.alloc(HEAD_BYTES)
    head.writeUInt8(KINDS.indexOf(kind), 0)
    head.writeUInt32BE(bytes.length, 1)
    for (const part of [head, bytes]) {
      this.#hash.update(part)
      if (!this.#output.write(part)) await once(this.#output, 'drain')
    }
  }

  /** The last frame, and the end of the output. */
  async end(): Promise<void> {
    await this.write('end', { sha256: this.#hash.copy().digest('hex') })
    this.#output.end()
  }
}

/** The frames of `input`, in memory one at a time. Throws TransferRefused unless the last is there and right. */
export async function* readFrames(input: Readable): AsyncGenerator<Frame> {
  const hash = createHash('sha256')
  const bytes = new Bytes(input)
  for (;;) {
    const head = await bytes.take(HEAD_BYTES)
    const kind = KINDS[head.readUInt8(0)]
    const length = head.readUInt32BE(1)
    if (kind === undefined || length > MAX_BODY) throw new TransferRefused(DAMAGED)
    const body = await bytes.take(length)
    if (kind === 'end') {
      const { sha256 } = parseFrame<{ sha256: string }>(body)
      if (sha256 !== hash.digest('hex')) throw new TransferRefused(DAMAGED)
      return
    }
    hash.update(head).update(body)
    yield { kind, body }
  }
}

export function parseFrame<T>(body: Buffer): T {
  try {
    return JSON.parse(body.toString()) as T
  } catch {
    throw new TransferRefused(DAMAGED)
  }
}

export function damaged(): TransferRefused {
  return new TransferRefused(DAMAGED)
}

/** Takes bytes off a stream in the lengths that are asked for. */
class Bytes {
  readonly #chunks: AsyncIterator<Buffer>
  #left: Buffer = Buffer.alloc(0)

  constructor(input: Readable) {
    this.#chunks = input[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  }

  async take(length: number): Promise<Buffer> {
    const parts = [this.#left]
    let have = this.#left.length
    while (have < length) {
      const chunk = await this.#next()
      parts.push(chunk)
      have += chunk.length
    }
    const all = parts.length === 1 ? this.#left : Buffer.concat(parts)
    this.#left = all.subarray(length)
    return all.subarray(0, length)
  }

  /** What the decompressor throws means the same as an early end. */
  async #next(): Promise<Buffer> {
    const { value, done } = await this.#chunks.next().catch(() => ({ value: undefined, done: true as const }))
    if (done === true || value === undefined) throw new TransferRefused(DAMAGED)
    return value
  }
}
