import type { TFunction } from 'i18next'
import { ERRORS, type ErrorCode } from '#contract/errors.ts'
import { ApiError, type ClientErrorCode } from './ApiError.ts'

export type AnyErrorCode = ErrorCode | ClientErrorCode

/** `bad`: it did not happen. `warn`: not now, or not like this. `info`: nothing is wrong, things just moved on. */
export type ErrorTone = 'bad' | 'warn' | 'info'

type Nature = { tone: ErrorTone; retryable: boolean }

const once = (tone: ErrorTone): Nature => ({ tone, retryable: false })
const again = (tone: ErrorTone): Nature => ({ tone, retryable: true })

/** Whether the same call can succeed by being repeated unchanged, and how serious it is. */
export const ERROR_NATURES: Record<AnyErrorCode, Nature> = {
  VALIDATION_FAILED: once('warn'),
  MALFORMED_REQUEST: once('bad'),
  CHANNEL_MISMATCH: once('bad'),
  INVALID_NUMBER: once('warn'),
  BLOCKED_NUMBER: once('warn'),
  UNAUTHENTICATED: once('warn'),
  INVALID_CREDENTIALS: once('warn'),
  SECOND_FACTOR_REQUIRED: once('info'),
  SECOND_FACTOR_REJECTED: once('warn'),
  CHANNEL_UNAUTHORIZED: once('bad'),
  FORBIDDEN: once('bad'),
  FOREIGN_ORIGIN: once('bad'),
  CHANNEL_TOKEN_REJECTED: once('bad'),
  GATEWAY_HOST_NOT_ALLOWED: once('warn'),
  WEBHOOK_REJECTED: once('bad'),
  NOT_FOUND: once('warn'),
  TIMEOUT: again('warn'),
  REQUEST_TIMEOUT: again('warn'),
  CONFLICT: again('info'),
  SETUP_DONE: once('info'),
  NAME_TAKEN: once('warn'),
  SECOND_FACTOR_STATE: once('info'),
  LAST_ADMIN: once('warn'),
  USER_IN_USE: once('warn'),
  INSTALLATION_NOT_ARMED: once('warn'),
  TOKEN_IN_USE: once('warn'),
  CHANNEL_NOT_CONNECTED: once('warn'),
  CHANNEL_IN_USE: once('warn'),
  CAMPAIGN_STATE: once('info'),
  CAMPAIGN_CONTENT_FROZEN: once('warn'),
  MESSAGE_STATE: once('info'),
  IMPORT_STATE: once('info'),
  MEDIA_IN_USE: once('warn'),
  CONTACT_EXISTS: once('info'),
  PERSON_ERASED: once('warn'),
  PERSON_BUSY: again('info'),
  PAYLOAD_TOO_LARGE: once('warn'),
  UNSUPPORTED_MEDIA_TYPE: once('bad'),
  UNPROCESSABLE: once('warn'),
  PASSWORD_TOO_WEAK: once('warn'),
  IDEMPOTENCY_KEY_REUSED: once('bad'),
  UNKNOWN_CHANNEL: once('warn'),
  UNKNOWN_IMPORT: once('warn'),
  UNKNOWN_GROUP: once('warn'),
  UNKNOWN_CAMPAIGN: once('warn'),
  NO_RECIPIENTS: once('warn'),
  TEMPLATE_INVALID: once('warn'),
  CSV_UNREADABLE: once('warn'),
  RATE_LIMIT: again('warn'),
  CAMPAIGN_RATE_LIMIT_EXCEEDED: again('warn'),
  HEADERS_TOO_LARGE: once('bad'),
  API_ERROR: again('bad'),
  INTERNAL: again('bad'),
  DISCONNECTED: again('bad'),
  SERVER_BUSY: again('warn'),
  UNAVAILABLE: again('warn'),
  STORAGE_FULL: again('bad'),
  NETWORK: again('warn'),
  UNREADABLE_ANSWER: again('bad'),
}

/**
 * Whose move it is. `network`: the answer never came, so nobody knows whether it was done. `input`: what was asked for
 * cannot be, as it stands. `gateway`: the channel's own server. `access`: who is asking. `server`: ours, or too much at once.
 */
export type ErrorSource = 'network' | 'input' | 'gateway' | 'access' | 'server'

const NETWORK_CODES = new Set<AnyErrorCode>(['NETWORK', 'UNREADABLE_ANSWER', 'REQUEST_TIMEOUT'])
const GATEWAY_CODES = new Set<AnyErrorCode>([
  'CHANNEL_UNAUTHORIZED',
  'CHANNEL_TOKEN_REJECTED',
  'DISCONNECTED',
  'SERVER_BUSY',
  'TIMEOUT',
  'API_ERROR',
])

/** Where a failed call got stuck. What we do not know is a mistake of ours. */
export function sourceOf(code: AnyErrorCode): ErrorSource {
  if (NETWORK_CODES.has(code)) return 'network'
  if (GATEWAY_CODES.has(code)) return 'gateway'
  const status = isContractCode(code) ? ERRORS[code].status : 0
  if (status === 401 || status === 403) return 'access'
  return status >= 400 && status < 500 && status !== 429 ? 'input' : 'server'
}

/** The same for any thrown value. */
export function sourceOfError(error: unknown): ErrorSource {
  return sourceOf(error instanceof ApiError ? error.code : 'INTERNAL')
}

function isContractCode(code: AnyErrorCode): code is ErrorCode {
  return code in ERRORS
}

export type HandledError = {
  code: AnyErrorCode
  /** What happened, for the person in front of the screen. */
  message: string
  /** What to do next. */
  suggestion: string
  tone: ErrorTone
  source: ErrorSource
  /** Whether offering "try again" makes sense. */
  retryable: boolean
  /** Only a lost session of *this* app leads to sign-in; a gateway refusing a channel's token never does. */
  signIn: boolean
}

/** Any thrown value → text, tone and next step in the language of `t`. What we do not know is a mistake of ours. */
export function handleApiError(error: unknown, t: TFunction): HandledError {
  const code = error instanceof ApiError ? error.code : 'INTERNAL'
  const wait = error instanceof ApiError ? error.retryAfterS : null
  return {
    code,
    message: t(`errors.${code}.message`),
    suggestion: wait === null ? t(`errors.${code}.suggestion`) : t('errors.waitSeconds', { count: Math.ceil(wait) }),
    ...ERROR_NATURES[code],
    source: sourceOf(code),
    signIn: code === 'UNAUTHENTICATED',
  }
}

/** True when this app's own session is gone. Decided by code: a 401 may also be about a channel. */
export function isSessionLost(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'UNAUTHENTICATED'
}

/** Codes after which the same call may have been carried out all the same: only its own repeat can tell. */
const UNSETTLED_CODES = new Set<AnyErrorCode>([...NETWORK_CODES, 'TIMEOUT', 'CONFLICT', 'INTERNAL', 'UNAVAILABLE'])

/** True when a creation failed in a way that leaves open whether it was done. */
export function isUnsettled(error: unknown): boolean {
  return !(error instanceof ApiError) || UNSETTLED_CODES.has(error.code)
}

/** A field that the server refused, and the word it has for why, where it has one. */
export type RefusedField = { field: string; reason: string | null }

/** The fields that a refusal names; empty when it names none. */
export function refusedFields(error: unknown): RefusedField[] {
  const details = error instanceof ApiError ? error.details : null
  if (!Array.isArray(details)) return []
  return details.flatMap((detail: unknown) => {
    if (typeof detail !== 'object' || detail === null || !('field' in detail)) return []
    const reason = 'reason' in detail && typeof detail.reason === 'string' ? detail.reason : null
    return typeof detail.field === 'string' ? [{ field: detail.field, reason }] : []
  })
}
