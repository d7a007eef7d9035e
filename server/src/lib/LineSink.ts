import { write, writeSync } from 'node:fs'

/** Lines that wait for a place to go to; more are dropped. */
const MAX_WAITING = 1024 * 1024
/** A reader that is behind gets this long to take some. */
const RETRY_MS = 20
const RETRIES_AT_EXIT = 25

/**
 * Writes lines to a file descriptor in the background, in order. Nobody's work may end with it: the disk behind it can
 * be full, and its reader can go away. What cannot be written is lost. (The usual stream of pino throws then, and
 * repeats a last write for ever when the process wants to end on a full disk.)
 */
export class LineSink {
  readonly #fd: number
  #waiting: string[] = []
  #waitingLength = 0
  #isWriting = false

  constructor(fd: number) {
    this.#fd = fd
    process.on('exit', () => this.flushSync())
  }

  write(line: string): void {
    if (this.#waitingLength + line.length > MAX_WAITING) return
    this.#waiting.push(line)
    this.#waitingLength += line.length
    if (!this.#isWriting) this.#writeNext()
  }

  /** Writes what waits before it returns, if that can be done within half a second. */
  flushSync(): void {
    let rest = this.#takeAll()
    for (let tries = 0; rest.length > 0 && tries < RETRIES_AT_EXIT; tries++) {
      try {
        rest = rest.subarray(writeSync(this.#fd, rest))
      } catch (error) {
        if (!isBusy(error)) return
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS)
      }
    }
  }

  #writeNext(): void {
    const bytes = this.#takeAll()
    this.#isWriting = bytes.length > 0
    if (this.#isWriting) this.#writeAll(bytes)
  }

  #writeAll(bytes: Buffer): void {
    write(this.#fd, bytes, (error, written) => {
      if (isBusy(error)) setTimeout(() => this.#writeAll(bytes), RETRY_MS)
      else if (error === null && written < bytes.length) this.#writeAll(bytes.subarray(written))
      else this.#writeNext()
    })
  }

  #takeAll(): Buffer {
    const bytes = Buffer.from(this.#waiting.join(''))
    this.#waiting = []
    this.#waitingLength = 0
    return bytes
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'EAGAIN'
}
