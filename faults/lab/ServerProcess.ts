import { spawn, type ChildProcess } from 'node:child_process'
import { appendFileSync, existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { ExpectationFailed } from './check.ts'

const MAIN = fileURLToPath(new URL('../../server/src/main.ts', import.meta.url))
/** Ends the server when the lab itself is killed; where it is missing only an orderly end of the lab does. */
const SETPRIV = '/usr/bin/setpriv'
const START_LIMIT_MS = 30_000
const KEPT_LINES = 40

export type Ending = { code: number | null; signal: NodeJS.Signals | null; at: number }

export type HowToSpawn = {
  /** A file that takes standard error instead of the lab. */
  stderr?: number
  /** Where what it says is kept, if not beside its data. */
  logFile?: string
  /** A command before the server's own. */
  wrapper?: string[]
}

export type Role = 'all' | 'api' | 'worker'

/** The product's server as a process of its own. Times are of `performance.now()`. */
export class ServerProcess {
  readonly role: Role
  readonly startedAt = performance.now()
  /** Never rejects. */
  readonly ended: Promise<Ending>
  /** When the process said that it is ready, and where it listens. Rejects with its last words when it ends before. */
  readonly ready: Promise<{ at: number; address: string | null }>
  readonly #child: ChildProcess
  readonly #logFile: string
  readonly #lastLines: string[] = []
  #ending: Ending | null = null

  constructor(options: { role: Role; env: Record<string, string>; logFile: string } & HowToSpawn) {
    this.role = options.role
    this.#logFile = options.logFile
    const command = [...(options.wrapper ?? []), process.execPath, MAIN, '--role', options.role]
    const [program = '', ...rest] = existsSync(SETPRIV) ? [SETPRIV, '--pdeathsig', 'KILL', ...command] : command
    // A group of its own: Ctrl-C must reach the lab and not what it observes.
    this.#child = spawn(program, rest, {
      env: options.env,
      stdio: ['ignore', 'pipe', options.stderr ?? 'pipe'],
      detached: true,
    })
    this.ended = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        this.#ending = { code, signal, at: performance.now() }
        resolve(this.#ending)
      })
    })
    this.ready = this.#untilReady()
    this.ready.catch(() => undefined)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get hasEnded(): boolean {
    return this.#ending !== null
  }

  /** What it wrote last, both outputs together. */
  get lastWords(): string {
    return this.#lastLines.join('\n')
  }

  /** Nobody reads what it says any more: its next word meets a broken pipe. */
  stopReading(): void {
    this.#child.stdout?.destroy()
    this.#child.stderr?.destroy()
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** `kill -9`; returns when it is gone. */
  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.ended
  }

  /** SIGTERM; returns how it ended. */
  stop(): Promise<Ending> {
    this.signal('SIGTERM')
    return this.ended
  }

  #untilReady(): Promise<{ at: number; address: string | null }> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => reject(new ExpectationFailed(`The ${this.role} server ${why}:\n${this.lastWords}`))
      const timer = setTimeout(() => fail(`was not ready after ${START_LIMIT_MS} ms`), START_LIMIT_MS)
      const isReady = (address: string | null) => {
        clearTimeout(timer)
        resolve({ at: performance.now(), address })
      }
      this.#onLine('stdout', (line) => line.startsWith('Revoada: ') && isReady(line.slice('Revoada: '.length)))
      this.#onLine('stderr', (line) => this.role === 'worker' && line.includes('"msg":"ready"') && isReady(null))
      void this.ended.then(({ code, signal }) => {
        clearTimeout(timer)
        fail(`ended (${signal ?? `code ${code}`}) before it was ready`)
      })
    })
  }

  #onLine(output: 'stdout' | 'stderr', hear: (line: string) => void): void {
    const input = this.#child[output]
    if (input === null) return
    createInterface({ input }).on('line', (line) => {
      keepLine(this.#logFile, `${this.pid} ${line}\n`)
      this.#lastLines.push(line)
      if (this.#lastLines.length > KEPT_LINES) this.#lastLines.shift()
      hear(line)
    })
  }
}

/** The last words of a process that is killed with its lab may come when the lab's folder is gone. */
function keepLine(file: string, line: string): void {
  if (existsSync(dirname(file))) appendFileSync(file, line)
}
