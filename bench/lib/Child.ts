import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { stopChild, type Lab } from './Lab.ts'

/** A helper of the bench in a process of its own, asked over IPC, one question at a time. */
export class Child {
  readonly #child: ChildProcess
  #asking: Promise<unknown> = Promise.resolve()

  /** `name` is a file in bench/processes, or in the folder that is named. */
  constructor(lab: Lab, name: string, folder: 'processes' | 'peers' = 'processes') {
    const file = fileURLToPath(new URL(`../${folder}/${name}.ts`, import.meta.url))
    this.#child = lab.spawn(process.execPath, [file], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  stop(): Promise<void> {
    return stopChild(this.#child)
  }

  ask<T>(question: unknown): Promise<T> {
    const answer = this.#asking.then(() => this.#askNow<T>(question))
    this.#asking = answer.catch(() => undefined)
    return answer
  }

  #askNow<T>(question: unknown): Promise<T> {
    return new Promise((resolve, reject) => {
      const onExit = () => reject(new Error('A helper process of the bench ended.'))
      this.#child.once('exit', onExit)
      this.#child.once('message', (answer) => {
        this.#child.off('exit', onExit)
        const { error, result } = answer as { error?: string; result?: T }
        if (error === undefined) resolve(result as T)
        else reject(new Error(error))
      })
      this.#child.send(question as object)
    })
  }
}
