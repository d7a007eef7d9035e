import { Child } from './Child.ts'
import type { Lab } from './Lab.ts'

export type BareRun = { url: string; count: number; inFlight: number }
export type BareResult = { messagesPerSecond: number; cpuSeconds: number }

/** The bare undici loop, in a process that stays warm between the rounds as a server does. */
export class BareLoop {
  readonly #child: Child

  constructor(lab: Lab) {
    this.#child = new Child(lab, 'bareLoop')
  }

  run(options: BareRun): Promise<BareResult> {
    return this.#child.ask(options)
  }
}
