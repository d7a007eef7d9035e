/**
 * The send lock of a number: so many sends run, the rest wait in order. WuzAPI lets one run at a time.
 * A caller that gives up does not leave the queue, as in the real server.
 */
export class SendQueue {
  #running = 0
  #waiting: (() => void)[] = []
  #head = 0
  #draining = false

  /** Runs `send` now or when its turn comes. It must call `leave` exactly once. */
  enter(limit: number, send: () => void): void {
    if (this.#running < limit) {
      this.#running++
      send()
    } else {
      this.#waiting.push(send)
    }
  }

  leave(limit: number): void {
    this.#running--
    // A send that is refused at once leaves while it is being started: without this the stack grows with the queue.
    if (this.#draining) return
    this.#draining = true
    try {
      this.#startNext(limit)
    } finally {
      this.#draining = false
    }
  }

  #startNext(limit: number): void {
    while (this.#running < limit) {
      const next = this.#next()
      if (next === undefined) return
      this.#running++
      next()
    }
  }

  #next(): (() => void) | undefined {
    const next = this.#waiting[this.#head]
    if (next === undefined) return undefined
    this.#head++
    // Cutting the array at every step would make a long queue quadratic.
    if (this.#head > 1_024 || this.#head === this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head)
      this.#head = 0
    }
    return next
  }
}

/** Counts what was let through in the last 60 seconds, exactly. */
export class MinuteWindow {
  #times: number[] = []
  #head = 0

  /** True, and counted, when fewer than `limit` were let through in the 60 s before `nowMs`. */
  allows(limit: number, nowMs: number): boolean {
    while (this.#head < this.#times.length && (this.#times[this.#head] ?? 0) <= nowMs - 60_000) this.#head++
    if (this.#head > 4_096) {
      this.#times = this.#times.slice(this.#head)
      this.#head = 0
    }
    if (this.#times.length - this.#head >= limit) return false
    this.#times.push(nowMs)
    return true
  }
}
