/** Sleep that can be cut short, for one sleeper. A wake-up while nobody sleeps is kept for the next sleep. */
export class WakeableSleep {
  #wake: (() => void) | null = null
  #woken = false

  wake(): void {
    this.#woken = true
    this.#wake?.()
  }

  /** Resolves after `ms`, or at once when woken. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#woken) {
        this.#woken = false
        // Not at once: a loop of resolved promises would starve the sockets.
        setImmediate(resolve)
        return
      }
      const done = () => {
        clearTimeout(timer)
        this.#wake = null
        this.#woken = false
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.#wake = done
    })
  }
}
