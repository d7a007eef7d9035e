import { readdirSync } from 'node:fs'
import { check } from './check.ts'
import { freePort } from './freePort.ts'
import type { ServerProcess } from './ServerProcess.ts'

type Answer = { id?: number; result?: { result?: { value?: unknown } } }

/** In use after a full collection, in bytes. */
export type HeapUse = {
  /** What the program keeps. */
  data: number
  /** Machine code, bytecode and their tables: V8 compiles a rare path when it is taken often enough, hours after the start. */
  code: number
}

const SPACES = "process.getBuiltinModule('node:v8').getHeapSpaceStatistics()"
const CODE_SPACE = /code|trusted/
const COLLECTIONS = 3

/** Looks into a server through Node's inspector: how much memory is alive after a collection. */
export class HeapWatch {
  readonly #server: ServerProcess
  readonly #port: number

  private constructor(server: ServerProcess, port: number) {
    this.#server = server
    this.#port = port
  }

  /** `start` starts the server with these settings. */
  static async on(start: (settings: Record<string, string>) => Promise<ServerProcess>): Promise<HeapWatch> {
    const port = await freePort()
    return new HeapWatch(await start({ NODE_OPTIONS: `--inspect=127.0.0.1:${port}` }), port)
  }

  get server(): ServerProcess {
    return this.#server
  }

  /** What is alive once a collection has left the least: requests under way come and go between two of them. */
  async use(): Promise<HeapUse> {
    const targets = (await (await fetch(`http://127.0.0.1:${this.#port}/json`)).json()) as {
      webSocketDebuggerUrl: string
    }[]
    const socket = new WebSocket(targets[0]?.webSocketDebuggerUrl ?? '')
    try {
      await new Promise((resolve, reject) => {
        socket.addEventListener('open', resolve, { once: true })
        socket.addEventListener('error', reject, { once: true })
      })
      const uses: HeapUse[] = []
      while (uses.length < COLLECTIONS) uses.push(await collectAndLook(socket))
      return uses.reduce((least, use) => (use.data < least.data ? use : least))
    } finally {
      socket.close()
    }
  }

  /** Files and sockets that the process has open. */
  get openFiles(): number {
    return readdirSync(`/proc/${this.#server.pid}/fd`).length
  }
}

async function collectAndLook(socket: WebSocket): Promise<HeapUse> {
  await ask(socket, { id: 1, method: 'HeapProfiler.collectGarbage' })
  const params = { expression: SPACES, returnByValue: true }
  const { result } = await ask(socket, { id: 2, method: 'Runtime.evaluate', params })
  check(Array.isArray(result?.result?.value), 'The inspector does not tell the size of the heap.')
  return sumUp(result.result.value as { space_name: string; space_used_size: number }[])
}

function sumUp(spaces: { space_name: string; space_used_size: number }[]): HeapUse {
  const use = { data: 0, code: 0 }
  for (const { space_name, space_used_size } of spaces)
    use[CODE_SPACE.test(space_name) ? 'code' : 'data'] += space_used_size
  return use
}

function ask(socket: WebSocket, call: { id: number; method: string; params?: object }): Promise<Answer> {
  return new Promise((resolve) => {
    const hear = ({ data }: MessageEvent) => {
      const answer = JSON.parse(String(data)) as Answer
      if (answer.id !== call.id) return
      socket.removeEventListener('message', hear)
      resolve(answer)
    }
    socket.addEventListener('message', hear)
    socket.send(JSON.stringify(call))
  })
}

/** Growth per hour of samples `[ms, bytes]` by least squares, and its standard error; both in the unit of the samples. */
export function slopePerHour(samples: readonly (readonly [number, number])[]): { slope: number; error: number } {
  const n = samples.length
  const meanX = samples.reduce((sum, [x]) => sum + x, 0) / n
  const meanY = samples.reduce((sum, [, y]) => sum + y, 0) / n
  const spread = samples.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  const slope = samples.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread
  const residual = samples.reduce((sum, [x, y]) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0)
  return { slope: slope * 3_600_000, error: Math.sqrt(residual / Math.max(1, n - 2) / spread) * 3_600_000 }
}
