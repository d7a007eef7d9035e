import { AppError } from '#server/lib/AppError.ts'

/** Calls that may be open in this process at once, whoever makes them: where all is quick, and where nothing is. */
const MOST_OPEN = 800
const LEAST_OPEN = 32
/** The database's part of a call may take so long; beyond it fewer are let in. */
const GOOD_MS = 100
/** Of those that were open when it took longer. */
const CUT = 0.7
/** Bytes of bodies that may be in memory at once; sixteen of the largest, and ten thousands of the usual. */
const MAX_BYTES = 64 * 1024 * 1024
/** Of these, what one channel's may be: whoever knows one address cannot fill the room of the others. */
const MAX_CHANNEL_BYTES = MAX_BYTES / 4
const RETRY_AFTER_S = 1

export type Admitted = {
  /** Throws UNAVAILABLE when a body of this length would find no room now. Reserves nothing: who announces may never send. */
  expectBody: (channelId: string, announced: number) => void
  /** So much of it has come. Throws UNAVAILABLE when that is too much by now. */
  receive: (channelId: string, bytes: number) => void
  leave: () => void
}

/**
 * Keeps a flood of calls outside: who finds no room is told so at once, before anything of the call is read. How much
 * room there is follows from how long those inside take (additive increase, multiplicative decrease, as in RFC 5681):
 * calls that wait for each other are answered late, and take the processor from the sending.
 */
export class HookAdmission {
  #room = MOST_OPEN / 4
  #cutAt = -Infinity
  #open = 0
  #bytes = 0
  readonly #channelBytes = new Map<string, number>()

  /** Throws UNAVAILABLE when too many are open. */
  enter(): Admitted {
    if (this.#open >= this.#room) throw full()
    this.#open++
    const held = new Map<string, number>()
    let isInside = true
    return {
      expectBody: (channelId, announced) => this.#requireRoom(channelId, announced),
      receive: (channelId, bytes) => {
        this.#requireRoom(channelId, bytes)
        if (!isInside) return
        held.set(channelId, (held.get(channelId) ?? 0) + bytes)
        this.#keep(channelId, bytes)
      },
      leave: () => {
        if (!isInside) return
        isInside = false
        this.#open--
        for (const [channelId, bytes] of held) this.#keep(channelId, -bytes)
      },
    }
  }

  #requireRoom(channelId: string, bytes: number): void {
    const ofChannel = this.#channelBytes.get(channelId) ?? 0
    if (this.#bytes + bytes > MAX_BYTES || ofChannel + bytes > MAX_CHANNEL_BYTES) throw full()
  }

  #keep(channelId: string, bytes: number): void {
    const ofChannel = (this.#channelBytes.get(channelId) ?? 0) + bytes
    this.#bytes += bytes
    if (ofChannel === 0) this.#channelBytes.delete(channelId)
    else this.#channelBytes.set(channelId, ofChannel)
  }

  /** Waits for something of ours, not of the caller's, and learns from how long it took, also where it fails. */
  async timed<T>(work: Promise<T>): Promise<T> {
    const since = performance.now()
    try {
      return await work
    } finally {
      this.#learn(performance.now() - since)
    }
  }

  #learn(ms: number): void {
    if (ms <= GOOD_MS) {
      this.#room = Math.min(MOST_OPEN, this.#room + 1 / this.#room)
    } else if (performance.now() - this.#cutAt > GOOD_MS) {
      // Once for all that were inside together.
      this.#cutAt = performance.now()
      this.#room = Math.max(LEAST_OPEN, Math.min(this.#room, this.#open) * CUT)
    }
  }
}

function full(): AppError {
  return new AppError('UNAVAILABLE', { details: { retryAfterSeconds: RETRY_AFTER_S } })
}
