import type { ChildProcess } from 'node:child_process'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from './freePort.ts'
import { hasEnded, stopChild, type Lab } from './Lab.ts'
import { killAll, postgresProcesses, readPostmasterPid } from './processes.ts'

const MAIN = fileURLToPath(new URL('../../server/src/main.ts', import.meta.url))
const POLL_MS = 5
const START_TIMEOUT_MS = 60_000
const LAST_WORDS = 4000
/** Limits are for the Internet; here they would be what is measured. */
const NO_LIMITS = {
  CAMPAIGN_CREATE_LIMIT: '100000',
  CAMPAIGN_OPERATION_LIMIT: '100000',
  PROGRESS_LIMIT: '100000',
  IMPORT_LIMIT: '100000',
  EXPORT_LIMIT: '100000',
  SIGN_IN_LIMIT: '100000',
}

export type ServerOptions = {
  directory: string
  gatewayUrl: string
  /** External database; without it the server starts its own in `directory`. */
  databaseUrl?: string
  role?: 'all' | 'api' | 'worker'
  nodeOptions?: string[]
}

/** What `npm start` gives Node: a small young generation, for which memory is worth more than a tenth of the speed. */
const AS_STARTED = ['--max-semi-space-size=8']

/** The product as people run it: `server/src/main.ts` in a process of its own. */
export class ProductServer {
  readonly url: string
  /** From starting the process to its first HTTP answer; for a worker, to its log line `ready`. */
  readonly startSeconds: number
  readonly #child: ChildProcess
  readonly #directory: string

  private constructor(child: ChildProcess, url: string, startSeconds: number, directory: string) {
    this.#child = child
    this.url = url
    this.startSeconds = startSeconds
    this.#directory = directory
  }

  /** Throws with the server's last words when it does not come up. */
  static async start(lab: Lab, options: ServerOptions): Promise<ProductServer> {
    const port = options.role === 'worker' ? 0 : await freePort()
    const startedAt = performance.now()
    const child = lab.spawn(process.execPath, [...AS_STARTED, ...(options.nodeOptions ?? []), MAIN], {
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: options.directory,
      env: environment(options, port),
    })
    let output = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-LAST_WORDS)))
    const isUp = options.role === 'worker' ? async () => output.includes('"msg":"ready"') : () => answers(port)
    while (!(await isUp())) {
      if (hasEnded(child)) throw new Error(`The server ended: ${output}`)
      if (performance.now() - startedAt > START_TIMEOUT_MS) throw new Error(`The server does not answer: ${output}`)
      await sleep(POLL_MS)
    }
    const seconds = (performance.now() - startedAt) / 1000
    return new ProductServer(child, `http://127.0.0.1:${port}`, seconds, options.directory)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Postmaster of the embedded database. */
  get postmasterPid(): number {
    return readPostmasterPid(join(this.#directory, 'postgres'))
  }

  async stop(): Promise<void> {
    await stopChild(this.#child)
  }

  /** `kill -9` of the server and of every process of its database. Returns when the server is gone. */
  async killEverything(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    killAll([this.pid, ...postgresProcesses(this.postmasterPid)])
    await ended
  }
}

function environment(options: ServerOptions, port: number): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env
  const external = { DATABASE_URL: options.databaseUrl, SECRET_KEY: 'bench-secret-key-0123456789abcdef-XYZ' }
  return {
    PATH,
    HOME,
    TMPDIR,
    ...NO_LIMITS,
    HOST: '127.0.0.1',
    PORT: String(port),
    DATA_DIR: options.directory,
    SANDBOX_URL: options.gatewayUrl,
    SANDBOX_TOKEN: 'bench',
    ROLE: options.role ?? 'all',
    ...(options.databaseUrl === undefined ? {} : external),
  }
}

/** One `GET /api/health/live` over a socket of our own: nothing between us and the answer. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write('GET /api/health/live HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n')
    })
    socket.once('data', (answer) => {
      resolve(answer.toString().startsWith('HTTP/1.1 200'))
      socket.destroy()
    })
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
}
