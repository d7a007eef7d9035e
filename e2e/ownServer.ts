import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from './freePort.ts'

const READY_WITHIN_MS = 60_000
const LOOK_EVERY_MS = 100

/** A server for one test alone, which may kill it and start it again on the same data under the same address. */
export class OwnServer {
  readonly directory: string
  readonly url: string
  #child: ChildProcess | undefined

  private constructor(directory: string, port: number) {
    this.directory = directory
    this.url = `http://127.0.0.1:${port}`
  }

  static async make(): Promise<OwnServer> {
    return new OwnServer(await mkdtemp(join(tmpdir(), 'revoada-e2e-own-')), await freePort())
  }

  /** Comes back when it is ready. Throws where it ends instead. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, ['e2e/server.ts'], {
      env: { ...process.env, E2E_DIRECTORY: this.directory, E2E_PORT: new URL(this.url).port },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    this.#child = child
    const deadline = Date.now() + READY_WITHIN_MS
    while (!(await this.#isReady())) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error('The server of the test did not start.')
      await wait(LOOK_EVERY_MS)
    }
  }

  /** As a power cut would: nothing gets a last word. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** Ends it, its sandbox too, and takes its data away. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM')
    const pid = await readFile(join(this.directory, 'sandbox', 'sandbox.json'), 'utf8').then(
      (text) => (JSON.parse(text) as { pid: number | null }).pid,
      () => null,
    )
    // Only where the test ended between a kill and the next start: the server takes its sandbox along.
    if (pid !== null) process.kill(pid, 'SIGTERM')
    await rm(this.directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }

  async #isReady(): Promise<boolean> {
    const answer = await fetch(`${this.url}/api/health/ready`).catch(() => null)
    return answer?.ok === true
  }
}
