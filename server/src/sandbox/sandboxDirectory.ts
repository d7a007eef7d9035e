import { randomBytes, randomUUID } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'

/** `sandbox.json`: where the sandbox of a directory is, or was. `pid` is null after an orderly stop. */
const sandboxFile = z.object({
  pid: z.number().nullable(),
  port: z.number(),
  adminToken: z.string(),
  /** New at each start; whoever finds the file compares it with what the port answers. */
  instance: z.string(),
  started: z.string(),
})
export type SandboxFile = z.infer<typeof sandboxFile>

/** Thrown when another process runs the sandbox of this directory. */
export class DirectoryTaken extends Error {}

/** The directory of one sandbox, held by this process until `release`. */
export class SandboxDirectory {
  readonly path: string
  readonly instance = randomUUID()
  readonly #lock: DatabaseSync
  readonly #previous: SandboxFile | null

  /**
   * Makes the directory when missing and takes it. Throws `DirectoryTaken`.
   * The lock is SQLite's on an empty file, because it is the only lock of the operating system that Node brings: it is
   * gone the moment the process is, and there is no stale file that two starters could both think they may remove.
   */
  constructor(path: string) {
    this.path = path
    mkdirSync(path, { recursive: true, mode: 0o700 })
    this.#lock = takeLock(path)
    this.#previous = readSandboxFile(path)
    // Before the ledger is read, so that a second starter can name us; nothing answers on that port yet.
    this.announce(this.#previous?.port ?? 0)
  }

  /** The same token as last time, so that whoever kept it can go on. */
  get adminToken(): string {
    return (this.#adminToken ??= this.#previous?.adminToken ?? randomBytes(24).toString('base64url'))
  }
  #adminToken: string | undefined

  /** The port used last, 0 at the first start. */
  get lastPort(): number {
    return this.#previous?.port ?? 0
  }

  /** Tells where we are; others look here. */
  announce(port: number): void {
    this.#write({ pid: process.pid, port })
  }

  /** Says that nobody is here any more and lets the next one in. */
  release(port: number): void {
    this.#write({ pid: null, port })
    this.#lock.close()
  }

  #write(place: { pid: number | null; port: number }): void {
    const { adminToken, instance } = this
    const file: SandboxFile = { ...place, adminToken, instance, started: new Date().toISOString() }
    writeAtomically(join(this.path, 'sandbox.json'), `${JSON.stringify(file, null, 1)}\n`)
  }
}

/** Replaces a file as a whole, readable by its owner only: a reader sees the old text or the new one. */
export function writeAtomically(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.tmp`
  try {
    const fd = openSync(temporary, 'w', 0o600)
    try {
      writeFileSync(fd, text)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(temporary, file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

function takeLock(path: string): DatabaseSync {
  const lock = new DatabaseSync(join(path, 'sandbox.lock'))
  try {
    lock.exec('begin exclusive')
    return lock
  } catch (cause) {
    lock.close()
    if (!isBusy(cause)) throw cause
    throw new DirectoryTaken(describeOwner(path), { cause })
  }
}

/** SQLITE_BUSY is 5: somebody else holds the lock. Anything else is a directory that cannot be used. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5
}

function describeOwner(path: string): string {
  const owner = readSandboxFile(path)
  if (owner?.pid == null) return `Another sandbox is just starting on ${path}.`
  return `The sandbox of ${path} is already running: process ${owner.pid}, http://127.0.0.1:${owner.port}.`
}

function readSandboxFile(path: string): SandboxFile | null {
  try {
    return sandboxFile.parse(JSON.parse(readFileSync(join(path, 'sandbox.json'), 'utf8')))
  } catch {
    return null
  }
}
