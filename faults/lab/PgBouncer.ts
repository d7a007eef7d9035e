import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CannotRunHere } from './check.ts'
import { freePort } from './freePort.ts'
import type { Lab } from './Lab.ts'
import type { PrivatePostgres } from './PrivatePostgres.ts'

const PROGRAM = '/usr/sbin/pgbouncer'
const READY_MS = 5000

/** A PgBouncer in transaction mode before a PostgreSQL of the lab: every transaction may have another connection. */
export class PgBouncer {
  readonly port: number
  readonly #child: ChildProcess

  private constructor(port: number, child: ChildProcess) {
    this.port = port
    this.#child = child
  }

  /** It ends with the lab. Throws CannotRunHere where the program is not installed. */
  static async before(lab: Lab, postgres: PrivatePostgres): Promise<PgBouncer> {
    if (!existsSync(PROGRAM)) throw new CannotRunHere('PgBouncer is not installed: install the package pgbouncer.')
    const port = await freePort()
    const directory = join(lab.directory, 'pgbouncer')
    mkdirSync(directory)
    const socket = postgres.socket
    const host = 'path' in socket ? dirname(socket.path) : socket.host
    writeFileSync(join(directory, 'users.txt'), '"revoada" ""\n')
    const file = join(directory, 'pgbouncer.ini')
    writeFileSync(file, configuration({ port, host, directory }))
    const asRoot = process.getuid?.() === 0
    // As root it keeps the right to enter the folder of the socket, and is somebody else for its own check.
    const command = asRoot ? ['unshare', '-U', '--map-user=1000', '--map-group=1000', PROGRAM] : [PROGRAM]
    const [program = '', ...rest] = command
    const child = spawn(program, [...rest, '-q', file], { stdio: 'ignore' })
    lab.atEnd(async () => void child.kill('SIGKILL'))
    const bouncer = new PgBouncer(port, child)
    await bouncer.#untilReady(postgres)
    return bouncer
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null
  }

  async #untilReady(postgres: PrivatePostgres): Promise<void> {
    const { default: pg } = await import('pg')
    const deadline = performance.now() + READY_MS
    for (;;) {
      const client = new pg.Client({ connectionString: postgres.urlOf('revoada', this.port) })
      client.on('error', () => undefined)
      const error = await client.connect().then(
        () => null,
        (reason: unknown) => reason,
      )
      await client.end().catch(() => undefined)
      if (error === null) return
      if (performance.now() > deadline) throw new Error(`PgBouncer does not answer.`, { cause: error })
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

function configuration({ port, host, directory }: { port: number; host: string; directory: string }): string {
  return `[databases]
* = host=${host} port=5432 user=revoada
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${join(directory, 'users.txt')}
pool_mode = transaction
default_pool_size = 10
max_client_conn = 1000
server_login_retry = 1
server_idle_timeout = 10
logfile = ${join(directory, 'pgbouncer.log')}
`
}
