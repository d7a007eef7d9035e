import { ERRORS, type ErrorCode } from '#contract/errors.ts'

/**
 * An error with a code of the contract. Domains throw it and know no HTTP; `http/` renders it.
 * `details` is shown to the caller: name fields, lines and limits there, never secrets.
 */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly details: unknown

  constructor(code: ErrorCode, options: { message?: string; details?: unknown; cause?: unknown } = {}) {
    super(options.message ?? ERRORS[code].message, { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.details = options.details
  }
}
