import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import type { ClusterPlace } from './clusterPlace.ts'
import { EmbeddedPostgresError, explainFailure, notWritable, wrongOwner } from './EmbeddedPostgresError.ts'
import { USER } from './PostgresConnection.ts'
import { program, programEnvironment, type PostgresPrograms } from './postgresPrograms.ts'
import { asOrdinaryUser } from './postmasterProcess.ts'

/** Without one of these the server cannot start; a copy that was broken off usually lacks some. */
const ESSENTIAL = ['PG_VERSION', 'global/pg_control', 'base', 'pg_wal', 'pg_xact', 'postgresql.conf', 'pg_hba.conf']

/**
 * Says whether a usable cluster is there or must be created. Changes nothing.
 * Throws EmbeddedPostgresError when there is one that these programs or this user cannot open.
 */
export function inspectCluster(place: ClusterPlace, programs: PostgresPrograms): 'usable' | 'missing' {
  const { cluster } = place
  if (!existsSync(cluster)) return 'missing'
  if (process.platform !== 'win32') refuseForeign(cluster)
  if (readdirSync(cluster).length === 0) return 'missing'
  const lacking = ESSENTIAL.find((name) => !existsSync(path.join(cluster, name)))
  if (lacking) {
    const message = `The database in ${cluster} is not complete (${lacking} is missing): restore a backup, or move it away to begin anew.`
    throw new EmbeddedPostgresError('notACluster', message)
  }
  refuseOtherMajor(cluster, programs)
  return 'usable'
}

/** A copied or restored directory is often readable by others, and PostgreSQL then refuses to start. */
export function closeToOthers(cluster: string): void {
  if (process.platform !== 'win32' && (statSync(cluster).mode & 0o077) !== 0) chmodSync(cluster, 0o700)
}

/**
 * Creates the cluster beside its place and moves it there when it is whole, so that dying meanwhile leaves nothing
 * half-made. The caller owns the directory. `password` is for systems without private sockets (Windows).
 */
export async function createCluster(
  place: ClusterPlace,
  programs: PostgresPrograms,
  options: { durable: boolean; password?: string },
): Promise<void> {
  removeLeftovers(place)
  const draft = `${place.cluster}.new-${process.pid}-${randomBytes(4).toString('hex')}`
  const passwordFile = options.password === undefined ? null : `${draft}.password`
  try {
    if (passwordFile) writeFileSync(passwordFile, options.password ?? '', { mode: 0o600 })
    const authentication = passwordFile ? ['-A', 'scram-sha-256', '--pwfile', passwordFile] : ['-A', 'trust']
    const sync = options.durable ? [] : ['--no-sync']
    await runInitdb(place, programs, ['-D', draft, '-U', USER, ...authentication, ...localeOptions(programs), ...sync])
    renameSync(draft, place.cluster)
    if (options.durable) syncFolder(place.directory)
  } finally {
    rmSync(draft, { recursive: true, force: true })
    if (passwordFile) rmSync(passwordFile, { force: true })
  }
}

function refuseForeign(cluster: string): void {
  const { uid, mode } = statSync(cluster)
  if (uid !== process.getuid?.()) throw wrongOwner(cluster, uid)
  if ((mode & 0o700) !== 0o700) throw notWritable(cluster)
  try {
    accessSync(cluster, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw notWritable(cluster, error)
  }
}

function refuseOtherMajor(cluster: string, programs: PostgresPrograms): void {
  const major = readFileSync(path.join(cluster, 'PG_VERSION'), 'utf8').trim()
  if (major === String(programs.major)) return
  throw new EmbeddedPostgresError(
    'wrongMajor',
    `The database in ${cluster} was made by PostgreSQL ${major}, but this Revoada runs PostgreSQL ${programs.major}: ` +
      'make a backup with the version that created it and restore it into a new directory; nothing was changed.',
  )
}

/** Drafts of starts that were killed. Only the owner of the directory comes here, so nobody needs them. */
function removeLeftovers(place: ClusterPlace): void {
  for (const name of readdirSync(place.directory).filter((file) => file.startsWith('postgres.new-'))) {
    try {
      rmSync(path.join(place.directory, name), { recursive: true, force: true })
    } catch {
      // The initdb of a killed start may still be writing there; it fails now, or the next new cluster removes it.
    }
  }
}

/** UTF-8 with comparison by code point everywhere; the builtin provider knows upper and lower case since version 17. */
function localeOptions(programs: PostgresPrograms): string[] {
  const builtin = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  return ['-E', 'UTF8', '--no-instructions', ...(programs.major >= 17 ? builtin : ['--locale=C', '--lc-ctype=C.UTF-8'])]
}

async function runInitdb(place: ClusterPlace, programs: PostgresPrograms, options: string[]): Promise<void> {
  const [command = '', ...rest] = [...asOrdinaryUser(), program(programs, 'initdb'), ...options]
  const env = programEnvironment(programs, path.join(place.socketDirectory, 'lib'))
  const child = spawn(command, rest, {
    env,
    cwd: place.directory,
    stdio: ['ignore', 'ignore', 'pipe'],
    windowsHide: true,
  })
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints = (complaints + text).slice(-8000)))
  const code = await new Promise<number | null>((resolve) => {
    child.on('error', (error) => {
      complaints += `${command}: ${error.message}`
      resolve(null)
    })
    child.on('close', resolve)
  })
  if (code !== 0) throw explainFailure(complaints, place.directory)
}

/** Makes the rename survive a power cut. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return // there folders cannot be opened, and the rename is journalled
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
