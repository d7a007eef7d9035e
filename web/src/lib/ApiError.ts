import type { ErrorCode } from '#contract/errors.ts'

/** What can go wrong before an answer of ours exists: nothing answered, or something that is not our server did. */
export type ClientErrorCode = 'NETWORK' | 'UNREADABLE_ANSWER'

type Options = { status?: number; details?: unknown; retryAfterS?: number | null; cause?: unknown }

/** A refused or failed call. `status` is 0 when there was no answer; `retryAfterS` in seconds when the server named it. */
export class ApiError extends Error {
  readonly code: ErrorCode | ClientErrorCode
  readonly status: number
  readonly details: unknown
  readonly retryAfterS: number | null

  constructor(code: ErrorCode | ClientErrorCode, { status = 0, details, retryAfterS = null, cause }: Options = {}) {
    super(code, { cause })
    this.name = 'ApiError'
    this.code = code
    this.status = status
    this.details = details
    this.retryAfterS = retryAfterS
  }
}
