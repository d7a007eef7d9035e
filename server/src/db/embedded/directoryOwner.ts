import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { EmbeddedPostgresError, notWritable } from './EmbeddedPostgresError.ts'
import type { PostgresConnection } from './PostgresConnection.ts'
import { isRunning, startTicks, waitUntil } from './processes.ts'

/** Who runs the cluster of a directory, as its owner wrote it down for others. */
export type DirectoryOwner = {
  pid: number
  startTicks: number | null
  directory: string
  connection: PostgresConnection | null
}

export type DirectoryLock = {
  /** Tells command-line tools how to reach the database that runs now. */
  announce(connection: PostgresConnection): void
  release(): void
}

/** SQLite's code for "somebody else holds the lock". */
const SQLITE_BUSY = 5

/** Keeps the handles from the garbage collector, which would close them and give the locks away. */
const heldLocks = new Set<DatabaseSync>()

/**
 * Makes this process the one owner of the directory until it releases it or ends, however it ends.
 * Throws EmbeddedPostgresError `directoryInUse` naming the owner's pid, or `notWritable`.
 *
 * The lock is the operating system's own (SQLite's exclusive lock on an empty file), because Node has no other: a pid
 * file alone cannot be taken over without a moment in which two starters both believe to have won.
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const handle = takeLock(directory)
  if (!handle) throw await inUse(directory)
  const former = readOwner(directory)
  // Somebody may have deleted the lock file of a living owner: the new file's lock says nothing about it.
  if (former && former.pid !== process.pid && former.startTicks !== null && isOwnerAlive(former)) {
    handle.close()
    throw inUseBy(directory, former.pid)
  }
  heldLocks.add(handle)
  const release = () => {
    if (!heldLocks.delete(handle)) return
    rmSync(ownerFile(directory), { force: true })
    handle.close()
  }
  try {
    writeOwner(directory, null)
  } catch (error) {
    release()
    throw error
  }
  return { announce: (connection) => writeOwner(directory, connection), release }
}

/** What the owner wrote, or null. It may have died since: ask `isOwnerAlive`. A copied directory has no owner. */
export function readOwner(directory: string): DirectoryOwner | null {
  try {
    const owner: DirectoryOwner = JSON.parse(readFileSync(ownerFile(directory), 'utf8'))
    return owner.directory === directory ? owner : null
  } catch {
    return null
  }
}

export function isOwnerAlive(owner: DirectoryOwner): boolean {
  return isRunning(owner.pid) && startTicks(owner.pid) === owner.startTicks
}

function takeLock(directory: string): DatabaseSync | null {
  let handle: DatabaseSync | null = null
  try {
    // Only this handle may ever open the file: closing any other descriptor of it would drop a POSIX lock.
    handle = new DatabaseSync(path.join(directory, 'postgres.lock'), { timeout: 0 })
    handle.exec('pragma journal_mode = memory; begin exclusive') // without a journal file, which a kill would leave
    return handle
  } catch (error) {
    handle?.close()
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return null
    throw notWritable(directory, error)
  }
}

async function inUse(directory: string): Promise<EmbeddedPostgresError> {
  // The winner of a race writes its name a moment after it has won.
  let owner: DirectoryOwner | null = null
  await waitUntil(() => (owner = livingOwner(directory)) !== null, 500)
  return inUseBy(directory, (owner as DirectoryOwner | null)?.pid ?? null)
}

function livingOwner(directory: string): DirectoryOwner | null {
  const owner = readOwner(directory)
  return owner && isOwnerAlive(owner) ? owner : null
}

function inUseBy(directory: string, pid: number | null): EmbeddedPostgresError {
  const who = pid === null ? 'another Revoada process' : `another Revoada process (pid ${pid})`
  return new EmbeddedPostgresError(
    'directoryInUse',
    `The data directory ${directory} is in use by ${who}: stop that one first, or choose another directory.`,
  )
}

function writeOwner(directory: string, connection: PostgresConnection | null): void {
  const owner: DirectoryOwner = { pid: process.pid, startTicks: startTicks(process.pid), directory, connection }
  const draft = `${ownerFile(directory)}.new`
  try {
    writeFileSync(draft, JSON.stringify(owner), { mode: 0o600 })
    renameSync(draft, ownerFile(directory))
  } catch (error) {
    throw notWritable(directory, error)
  }
}

function ownerFile(directory: string): string {
  return path.join(directory, 'postgres.owner')
}
