import type { ServerProcess } from './ServerProcess.ts'
import type { Site } from './Site.ts'

/** Workers of a site under a service manager: whoever ends is started again at once, until the crew is dismissed. */
export class Crew {
  readonly workers: ServerProcess[] = []
  /** How often one was started again. */
  restarts = 0
  readonly #site: Site
  readonly #settings: Record<string, string>
  #dismissed = false

  constructor(site: Site, size: number, settings: Record<string, string> = {}) {
    this.#site = site
    this.#settings = settings
    for (let slot = 0; slot < size; slot++) this.#employ(slot)
  }

  /** Returns when all that are here now are ready, or have ended. */
  async untilReady(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.ready.catch(() => undefined)))
  }

  /** Kills everybody. */
  async dismiss(): Promise<void> {
    this.#dismissed = true
    await Promise.all(this.workers.filter((worker) => !worker.hasEnded).map((worker) => worker.kill()))
  }

  #employ(slot: number): void {
    const worker = this.#site.spawn('worker', this.#settings)
    this.workers[slot] = worker
    void worker.ended.then(() => {
      if (this.#dismissed) return
      this.restarts += 1
      this.#employ(slot)
    })
  }
}
