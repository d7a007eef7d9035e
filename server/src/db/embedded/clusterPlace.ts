import { createHash } from 'node:crypto'
import { accessSync, chmodSync, constants, lstatSync, mkdirSync, mkdtempSync, realpathSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { EmbeddedPostgresError, notWritable, wrongOwner } from './EmbeddedPostgresError.ts'

/** Where everything of one embedded database lies. All paths are real paths. */
export type ClusterPlace = {
  directory: string
  cluster: string
  logFile: string
  /** Short, private, and lost when the system empties its temporary folder: whoever uses it makes it anew. */
  socketDirectory: string
}

/** A Unix socket's path holds at most 107 bytes (103 on macOS), the name `.s.PGSQL.5432.lock` included. */
const LONGEST_SOCKET_PATH = 103

/** Makes the data directory when it is missing. Throws EmbeddedPostgresError `notWritable`. */
export function prepareClusterPlace(directory: string): ClusterPlace {
  const wanted = path.resolve(directory)
  try {
    mkdirSync(wanted, { recursive: true, mode: 0o700 })
    accessSync(wanted, constants.W_OK | constants.X_OK)
    const place = clusterPlace(wanted)
    if (process.getuid?.() === 0) refuseWhatOnlyRootMay(place.directory)
    return { ...place, socketDirectory: makePrivate(place.socketDirectory) }
  } catch (error) {
    throw error instanceof EmbeddedPostgresError ? error : notWritable(wanted, error)
  }
}

/** The database does not run as root (see asOrdinaryUser): it has only what the mode gives to the owner. */
function refuseWhatOnlyRootMay(directory: string): void {
  const { uid, mode } = statSync(directory)
  if (uid !== 0) throw wrongOwner(directory, uid)
  if ((mode & 0o300) !== 0o300) throw notWritable(directory)
}

export function clusterPlace(directory: string): ClusterPlace {
  const real = realpathSync(directory)
  return {
    directory: real,
    cluster: path.join(real, 'postgres'),
    logFile: path.join(real, 'postgres.log'),
    socketDirectory: socketDirectoryOf(real),
  }
}

/**
 * Makes the folder readable by us alone and returns it; the folder is what guards the database, which asks no password.
 * If somebody else made it first (anyone can write to /tmp), a folder with an unguessable name is made instead.
 */
export function makePrivate(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (process.platform === 'win32') return folder
  const found = lstatSync(folder)
  if (!found.isDirectory() || found.uid !== process.getuid?.()) return mkdtempSync(`${folder}-`)
  if ((found.mode & 0o777) !== 0o700) chmodSync(folder, 0o700)
  return folder
}

function socketDirectoryOf(directory: string): string {
  const name = `revoada-${process.getuid?.() ?? 'user'}-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}`
  const folder = path.join(realpathSync(os.tmpdir()), name)
  const longest = Buffer.byteLength(folder) + '-XXXXXX/.s.PGSQL.5432.lock'.length
  return longest <= LONGEST_SOCKET_PATH || process.platform === 'win32' ? folder : path.join('/tmp', name)
}
