import { readdirSync } from 'node:fs'
import { check } from './check.ts'
import { freePort } from './freePort.ts'
import type { ServerProcess } from './ServerProcess.ts'

type Answer = { id?: number; result?: { usedSize?: number } }

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

  /** Bytes in use after a full collection. */
  async usedBytes(): Promise<number> {
    const targets = (await (await fetch(`http://127.0.0.1:${this.#port}/json`)).json()) as {
      webSocketDebuggerUrl: string
    }[]
    const socket = new WebSocket(targets[0]?.webSocketDebuggerUrl ?? '')
    try {
      await new Promise((resolve, reject) => {
        socket.addEventListener('open', resolve, { once: true })
        socket.addEventListener('error', reject, { once: true })
      })
      await ask(socket, 1, 'HeapProfiler.collectGarbage')
      const { result } = await ask(socket, 2, 'Runtime.getHeapUsage')
      check(result?.usedSize !== undefined, 'The inspector does not tell the size of the heap.')
      return result.usedSize
    } finally {
      socket.close()
    }
  }

  /** Files and sockets that the process has open. */
  get openFiles(): number {
    return readdirSync(`/proc/${this.#server.pid}/fd`).length
  }
}

function ask(socket: WebSocket, id: number, method: string): Promise<Answer> {
  return new Promise((resolve) => {
    const hear = ({ data }: MessageEvent) => {
      const answer = JSON.parse(String(data)) as Answer
      if (answer.id !== id) return
      socket.removeEventListener('message', hear)
      resolve(answer)
    }
    socket.addEventListener('message', hear)
    socket.send(JSON.stringify({ id, method }))
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
