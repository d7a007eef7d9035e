import { AppError } from '#server/lib/AppError.ts'

/** Calls that may be open in this process at once, whoever makes them. */
const MAX_OPEN = 800
/** Bytes of bodies that may be in memory at once; sixteen of the largest, and ten thousands of the usual. */
const MAX_BYTES = 64 * 1024 * 1024
const RETRY_AFTER_S = 1

export type Admitted = { readBody: (bytes: number) => void; leave: () => void }

/** Keeps a flood of calls outside: who finds no room is told so at once, before anything of the call is read. */
export class HookAdmission {
  #open = 0
  #bytes = 0

  /** Throws UNAVAILABLE when too many are open. `readBody` throws it when this body would be too much. */
  enter(): Admitted {
    if (this.#open >= MAX_OPEN) throw full()
    this.#open++
    let bytes = 0
    let isInside = true
    return {
      readBody: (announced) => {
        if (this.#bytes + announced > MAX_BYTES) throw full()
        bytes += announced
        this.#bytes += announced
      },
      leave: () => {
        if (!isInside) return
        isInside = false
        this.#open--
        this.#bytes -= bytes
      },
    }
  }
}

function full(): AppError {
  return new AppError('UNAVAILABLE', { details: { retryAfterSeconds: RETRY_AFTER_S } })
}
