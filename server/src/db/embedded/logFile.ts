import { closeSync, copyFileSync, existsSync, openSync, readSync, statSync, truncateSync } from 'node:fs'

/** Two files of this size are kept at most: the current one and the one before. */
const LARGEST_LOG_BYTES = 10 * 1024 * 1024

/** Moves a large log's content to `<file>.1`. The server may be writing: it appends, so emptying the file is safe. */
export function limitLog(file: string, largestBytes: number = LARGEST_LOG_BYTES): void {
  if (logSize(file) <= largestBytes) return
  copyFileSync(file, `${file}.1`)
  truncateSync(file)
}

export function logSize(file: string): number {
  return existsSync(file) ? statSync(file).size : 0
}

/** What was written since the log had that size, at most its last 16 kB. */
export function logSince(file: string, size: number): string {
  const end = logSize(file)
  const buffer = Buffer.alloc(Math.min(Math.max(end - size, 0), 16_384))
  const descriptor = openSync(file, 'r')
  try {
    readSync(descriptor, buffer, 0, buffer.length, end - buffer.length)
    return buffer.toString('utf8')
  } finally {
    closeSync(descriptor)
  }
}
