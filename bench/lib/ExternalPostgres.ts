import { existsSync } from 'node:fs'
import pg from 'pg'
import { prepareClusterPlace } from '#server/db/embedded/clusterPlace.ts'
import { createCluster } from '#server/db/embedded/createCluster.ts'
import {
  findPostgresPrograms,
  program,
  programEnvironment,
  type PostgresPrograms,
} from '#server/db/embedded/postgresPrograms.ts'
import { asOrdinaryUser } from '#server/db/embedded/postmasterProcess.ts'
import { freePort } from './freePort.ts'
import { stopChild, type Lab } from './Lab.ts'

const DEBIAN = '/usr/lib/postgresql/15/bin'
const READY_TIMEOUT_MS = 20_000

export type ExternalPostgres = { url: string; version: string; pid: number; stop(): Promise<void> }

/**
 * A PostgreSQL as an administrator would run it: TCP, durable, default settings. Debian's version 15 where it is
 * installed (the oldest that the product takes), else the programs that the product brings along.
 */
export async function startExternalPostgres(lab: Lab, options: { statements: boolean }): Promise<ExternalPostgres> {
  const programs = findPrograms()
  const place = prepareClusterPlace(await lab.newDirectory('external'))
  await createCluster(place, programs, { durable: true })
  const port = await freePort()
  const settings = { listen_addresses: '127.0.0.1', port, unix_socket_directories: place.socketDirectory, jit: 'off' }
  const statistics = options.statements ? { shared_preload_libraries: 'pg_stat_statements', track_io_timing: 'on' } : {}
  const args = Object.entries({ ...settings, ...statistics }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const [command = '', ...rest] = [...asOrdinaryUser(), program(programs, 'postgres'), '-D', place.cluster, ...args]
  const env = programEnvironment(programs, `${place.socketDirectory}/lib`)
  const child = lab.spawn(command, rest, { env, cwd: place.directory, stdio: 'ignore' })
  const version = await prepare(port, options.statements)
  return {
    url: `postgres://revoada@127.0.0.1:${port}/revoada`,
    version,
    pid: child.pid ?? 0,
    stop: async () => {
      // SIGTERM alone waits for clients.
      child.kill('SIGINT')
      await stopChild(child)
    },
  }
}

function findPrograms(): PostgresPrograms {
  return existsSync(`${DEBIAN}/postgres`) ? { bin: DEBIAN, major: 15, native: null } : findPostgresPrograms()
}

/** Waits until the server answers, makes the database, and returns the server's version. */
async function prepare(port: number, statements: boolean): Promise<string> {
  const connection = { host: '127.0.0.1', port, user: 'revoada' }
  const admin = await connectWhenReady({ ...connection, database: 'postgres' })
  await admin.query('create database revoada')
  const { rows } = await admin.query<{ server_version: string }>('show server_version')
  await admin.end()
  if (statements) await query(`postgres://revoada@127.0.0.1:${port}/revoada`, 'create extension pg_stat_statements')
  return rows[0]?.server_version ?? ''
}

async function connectWhenReady(connection: pg.ClientConfig): Promise<pg.Client> {
  const deadline = performance.now() + READY_TIMEOUT_MS
  for (;;) {
    const client = new pg.Client(connection)
    try {
      await client.connect()
      return client
    } catch (error) {
      if (performance.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

/** One statement on a connection of its own. */
export async function query<T extends pg.QueryResultRow>(connectionString: string, text: string): Promise<T[]> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    return (await client.query<T>(text)).rows
  } finally {
    await client.end()
  }
}
