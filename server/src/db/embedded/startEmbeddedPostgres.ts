import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import type { Log } from '#server/lib/logger.ts'
import { clusterPlace, prepareClusterPlace, type ClusterPlace } from './clusterPlace.ts'
import { closeToOthers, createCluster, inspectCluster } from './createCluster.ts'
import { isOwnerAlive, lockDirectory, readOwner } from './directoryOwner.ts'
import type { EmbeddedPostgresError } from './EmbeddedPostgresError.ts'
import { DATABASE, USER, type PostgresConnection } from './PostgresConnection.ts'
import { findPostgresPrograms, type PostgresPrograms } from './postgresPrograms.ts'
import { postgresSettings } from './postgresSettings.ts'
import { supervisePostmaster, type Supervisor } from './supervisePostmaster.ts'
import { waitUntilReady } from './waitUntilReady.ts'

export { EmbeddedPostgresError } from './EmbeddedPostgresError.ts'
export type { PostgresConnection } from './PostgresConnection.ts'

export type EmbeddedPostgres = {
  connection: PostgresConnection
  /** Fast shutdown; returns when the server has ended and the directory is free. Calling it again is fine. */
  stop(): Promise<void>
  /** Resolves only when the server ended and five tries did not bring it back: time for this process to end, too. */
  gaveUp: Promise<EmbeddedPostgresError>
}

export type EmbeddedPostgresOptions = {
  /** The product's data directory; the cluster is `postgres` in it. Made when missing. */
  directory: string
  log: Log
  /** False: a throw-away cluster for tests, which a power cut may destroy (killing processes does not). */
  durable?: boolean
  maxConnections?: number
  /** Other programs than those that are found. */
  programs?: PostgresPrograms
}

/** A living owner may be restarting its server: so long do command-line tools wait for it. */
const ATTACH_MS = 10_000

/**
 * Starts the PostgreSQL that the product brings along, creating its cluster when there is none, and keeps it running
 * until `stop` or until this process ends, however it ends. One process at a time owns a directory.
 * Throws EmbeddedPostgresError with a sentence for people.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const startedAt = performance.now()
  const programs = options.programs ?? findPostgresPrograms()
  const place = prepareClusterPlace(options.directory)
  inspectCluster(place, programs) // before anything is written beside a directory that we will not open
  const lock = await lockDirectory(place.directory)
  try {
    const { connection, supervisor } = await openCluster(place, programs, options)
    lock.announce(connection)
    options.log.info(
      { directory: place.directory, ms: Math.round(performance.now() - startedAt) },
      'embedded database ready',
    )
    let stopping: Promise<void> | null = null
    const stop = async () => {
      await supervisor.stop()
      rmSync(place.socketDirectory, { recursive: true, force: true })
      lock.release()
    }
    return { connection, gaveUp: supervisor.gaveUp, stop: () => (stopping ??= stop()) }
  } catch (error) {
    lock.release()
    throw error
  }
}

/** How to reach the database that another process runs on this directory, or null when nobody does. */
export async function attachEmbeddedPostgres(options: { directory: string }): Promise<PostgresConnection | null> {
  if (!existsSync(options.directory)) return null
  const deadline = performance.now() + ATTACH_MS
  const { directory } = clusterPlace(options.directory)
  const connection = () => readOwner(directory)?.connection ?? null
  const isHopeless = () => {
    const owner = readOwner(directory)
    return !owner || !isOwnerAlive(owner) || performance.now() > deadline
  }
  for (;;) {
    const known = connection()
    if (known && (await waitUntilReady(known, isHopeless))) return known
    if (isHopeless()) return null
    await new Promise((resolve) => setTimeout(resolve, 20)) // the owner is starting and has not told yet
  }
}

async function openCluster(
  place: ClusterPlace,
  programs: PostgresPrograms,
  options: EmbeddedPostgresOptions,
): Promise<{ connection: PostgresConnection; supervisor: Supervisor }> {
  const durable = options.durable ?? true
  const connection = await chooseConnection(place)
  if (inspectCluster(place, programs) === 'missing') {
    await createCluster(place, programs, { durable, password: connection.password })
  } else {
    closeToOthers(place.cluster)
  }
  const settings = postgresSettings({
    socketDirectory: process.platform === 'win32' ? null : place.socketDirectory,
    port: connection.port,
    maxConnections: options.maxConnections ?? 40,
    durable,
  })
  const supervisor = await supervisePostmaster({ place, programs, settings, connection, log: options.log })
  return { connection, supervisor }
}

async function chooseConnection(place: ClusterPlace): Promise<PostgresConnection> {
  const who = { user: USER, database: DATABASE }
  if (process.platform !== 'win32') return { host: place.socketDirectory, port: 5432, ...who }
  return { host: '127.0.0.1', port: await freePort(), ...who, password: keepPassword(place) }
}

/** Windows has no socket that a folder's mode could protect: there a password does, kept beside the data. */
function keepPassword(place: ClusterPlace): string {
  const file = path.join(place.directory, 'postgres.password')
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('hex'), { mode: 0o600 })
  return readFileSync(file, 'utf8')
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
