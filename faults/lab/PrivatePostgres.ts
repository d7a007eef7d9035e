import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { clusterPlace } from '#server/db/embedded/clusterPlace.ts'
import { postgresProcessesOn, signal } from '#server/db/embedded/processes.ts'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '#server/db/embedded/startEmbeddedPostgres.ts'
import { createLogger } from '#server/lib/logger.ts'
import { until } from './check.ts'
import type { ProxyTarget } from './TcpProxy.ts'

const log = createLogger({ level: 'silent' })
const MAX_CONNECTIONS = 200

/** How a server ends: in order, without a checkpoint, or not at all by itself. */
const ENDINGS = { fast: 'SIGINT', immediate: 'SIGQUIT', kill: 'SIGKILL' } as const

/**
 * A PostgreSQL of the lab's own, for installations on an external database. It is started again by itself whenever it
 * ends, as a service manager would.
 */
export class PrivatePostgres {
  readonly directory: string
  #running: EmbeddedPostgres | null = null

  constructor(directory: string) {
    this.directory = directory
  }

  async start(): Promise<this> {
    this.#running ??= await startEmbeddedPostgres({ directory: this.directory, log, maxConnections: MAX_CONNECTIONS })
    return this
  }

  async stop(): Promise<void> {
    const running = this.#running
    this.#running = null
    await running?.stop()
  }

  /** Ends it for good; what it had outside its directory goes. */
  async close(): Promise<void> {
    const { socketDirectory } = clusterPlace(this.directory)
    await this.stop()
    rmSync(socketDirectory, { recursive: true, force: true })
  }

  /** Resolves when it ended and could not be started again. */
  get gaveUp(): Promise<Error> {
    return this.#instance.gaveUp
  }

  get socket(): ProxyTarget {
    const { host, port } = this.#instance.connection
    return { path: join(host, `.s.PGSQL.${port}`) }
  }

  get postmaster(): number {
    return Number.parseInt(readFileSync(join(this.directory, 'postgres', 'postmaster.pid'), 'utf8'), 10)
  }

  get processes(): number[] {
    return postgresProcessesOn(clusterPlace(this.directory).cluster)
  }

  /** Creates a database and says how to reach it over the socket. */
  async createDatabase(name: string): Promise<string> {
    await this.run(`create database ${name}`)
    return this.urlOf(name)
  }

  /** Of a database of this cluster; with `port` over the loopback, where a proxy or a pooler listens. */
  urlOf(name: string, port?: number): string {
    const { connection } = this.#instance
    if (port !== undefined) return `postgres://${connection.user}@127.0.0.1:${port}/${name}`
    const where = `host=${encodeURIComponent(connection.host)}&port=${connection.port}`
    return `postgres://${connection.user}@localhost/${name}?${where}`
  }

  /** Runs statements as the owner of the cluster, each by itself. */
  async run(...statements: string[]): Promise<void> {
    const client = new pg.Client(this.#instance.connection)
    client.on('error', () => undefined)
    await client.connect()
    try {
      for (const statement of statements) await client.query(statement)
    } finally {
      await client.end()
    }
  }

  /** Changes a setting of the whole cluster, also for connections that are open; null takes it back. */
  async configure(setting: string, value: string | null): Promise<void> {
    await this.run(
      value === null ? `alter system reset ${setting}` : `alter system set ${setting} = '${value}'`,
      'select pg_reload_conf()',
    )
  }

  /** Ends the server and returns when its successor accepts connections (ms since 1970). */
  async restart(how: keyof typeof ENDINGS, limitMs: number): Promise<number> {
    const former = this.postmaster
    signal(former, ENDINGS[how])
    const accepts = async () => {
      if (this.postmaster === former) return null
      return this.run('select 1').then(
        () => Date.now(),
        () => null,
      )
    }
    return until('the database after its restart', () => accepts().catch(() => null), { limitMs, everyMs: 10 })
  }

  get #instance(): EmbeddedPostgres {
    if (this.#running === null) throw new Error('The PostgreSQL of the lab does not run.')
    return this.#running
  }
}
