import { setTimeout as sleep } from 'node:timers/promises'
import { Child } from './Child.ts'
import type { Lab } from './Lab.ts'

export type GatewayQuestion = { kind: 'stats' } | { kind: 'reset'; failEvery: number }

export type GatewayStats = {
  url: string
  /** Requests to send, and different message ids among those accepted. */
  sends: number
  distinct: number
  /** Unix ms of the first and the last request. */
  firstAt: number | null
  lastAt: number | null
}

const POLL_MS = 20

/** A gateway on loopback in a process of its own, cheap enough not to be what is measured. */
export class StubGateway {
  readonly #child: Child
  readonly url: string

  private constructor(child: Child, url: string) {
    this.#child = child
    this.url = url
  }

  static async start(lab: Lab): Promise<StubGateway> {
    const child = new Child(lab, 'gateway')
    const { url } = await child.ask<GatewayStats>({ kind: 'stats' })
    return new StubGateway(child, url)
  }

  get pid(): number {
    return this.#child.pid
  }

  stats(): Promise<GatewayStats> {
    return this.#child.ask({ kind: 'stats' })
  }

  /** Forgets what came. From now on every `failEvery`th request is refused; 0 refuses none. */
  async reset(failEvery = 0): Promise<void> {
    await this.#child.ask({ kind: 'reset', failEvery })
  }

  /** Resolves when `count` different messages were accepted. Throws when that takes longer than `timeoutMs`. */
  async untilAccepted(count: number, timeoutMs: number): Promise<GatewayStats> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const stats = await this.stats()
      if (stats.distinct >= count) return stats
      if (performance.now() > deadline)
        throw new Error(`Only ${stats.distinct} of ${count} messages came in ${timeoutMs / 1000} s.`)
      await sleep(POLL_MS)
    }
  }
}
