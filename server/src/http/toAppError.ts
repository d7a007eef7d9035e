import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import type { ErrorCode } from '#contract/errors.ts'
import { isDatabaseDown } from '#server/db/isDatabaseDown.ts'
import { AppError } from '#server/lib/AppError.ts'

const MAX_DETAILS = 20
const MAX_TEXT = 200
const RETRY_AFTER_S = 3

/** Fastify's own refusals by their code; everything else it refuses with 4xx is MALFORMED_REQUEST. */
const FRAMEWORK_CODES: Record<string, ErrorCode> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_BODY_TOO_LARGE: 'PAYLOAD_TOO_LARGE',
  FST_REQ_FILE_TOO_LARGE: 'PAYLOAD_TOO_LARGE',
  FST_PARTS_LIMIT: 'PAYLOAD_TOO_LARGE',
  FST_FILES_LIMIT: 'PAYLOAD_TOO_LARGE',
  FST_FIELDS_LIMIT: 'PAYLOAD_TOO_LARGE',
  FST_INVALID_MULTIPART_CONTENT_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_NOT_FOUND: 'NOT_FOUND',
}

/** SQLSTATEs of text that PostgreSQL cannot store: NUL in text, NUL in jsonb, a lone surrogate in jsonb. */
const UNSTORABLE_TEXT = new Set(['22021', '22P05', '22P02'])

/** Lock or statement timeout, deadlock and serialization failure that were not repeated, no memory, a read-only database. */
const BUSY_DATABASE = new Set(['55P03', '57014', '40P01', '40001', '53200', '25006'])
const DISK_FULL = '53100'

/** Every error becomes one of the contract's; what nobody foresaw is INTERNAL, with the original as its cause. */
export function toAppError(error: unknown): AppError {
  const known = ownError(error)
  if (known !== null) return known
  if (hasZodFastifySchemaValidationErrors(error)) {
    return new AppError('VALIDATION_FAILED', { details: toDetails(error.validation) })
  }
  return databaseError(error) ?? frameworkError(error) ?? new AppError('INTERNAL', { cause: error })
}

function ownError(error: unknown): AppError | null {
  return error instanceof AppError ? error : null
}

/** Libraries wrap what the driver threw, so the causes are looked through too. */
function databaseError(error: unknown): AppError | null {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    const code = codeOf(cause)
    if (isDatabaseDown(cause) || BUSY_DATABASE.has(code)) {
      return new AppError('UNAVAILABLE', { cause: error, details: { retryAfterSeconds: RETRY_AFTER_S } })
    }
    if (code === DISK_FULL) return new AppError('STORAGE_FULL', { cause: error })
    if (UNSTORABLE_TEXT.has(code)) {
      const message = 'holds a character that cannot be stored'
      return new AppError('VALIDATION_FAILED', { cause: error, details: [{ field: '', message }] })
    }
  }
  return null
}

function frameworkError(error: unknown): AppError | null {
  if (!(error instanceof Error)) return null
  const named = FRAMEWORK_CODES[codeOf(error)]
  if (named !== undefined) return new AppError(named, { cause: error })
  const status = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500
  if (status < 400 || status >= 500) return null
  return new AppError(status === 408 ? 'REQUEST_TIMEOUT' : status === 413 ? 'PAYLOAD_TOO_LARGE' : 'MALFORMED_REQUEST', {
    cause: error,
  })
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}

type Issue = { instancePath: string; keyword: string; message?: string; params: Record<string, unknown> }

/** Which field and why; bounded, because a body of a megabyte can have a hundred thousand wrong fields. */
function toDetails(issues: readonly Issue[]): { field: string; message: string }[] {
  const details = []
  for (const { instancePath, keyword, message = 'is not valid', params } of issues) {
    const path = instancePath.split('/').filter((part) => part !== '')
    const unknown = keyword === 'unrecognized_keys' && Array.isArray(params['keys']) ? params['keys'] : null
    for (const key of unknown?.slice(0, MAX_DETAILS) ?? []) {
      details.push({ field: clip([...path, String(key)].join('.')), message: 'is not a known field' })
    }
    if (unknown === null) details.push({ field: clip(path.join('.')), message: clip(message) })
    if (details.length >= MAX_DETAILS) break
  }
  return details.slice(0, MAX_DETAILS)
}

// By code points, so that no half of a surrogate pair is left at the end.
function clip(text: string): string {
  return text.length <= MAX_TEXT
    ? text
    : `${Array.from(text.slice(0, MAX_TEXT * 2))
        .slice(0, MAX_TEXT)
        .join('')}…`
}
