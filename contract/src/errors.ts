/**
 * Every error our API can answer: code → HTTP status and one safe English sentence.
 * The web has a text of its own for each code; a test fails when one lacks.
 */
export const ERRORS = {
  VALIDATION_FAILED: { status: 400, message: 'The request has a field of the wrong shape or type.' },
  MALFORMED_REQUEST: { status: 400, message: 'The request could not be read.' },
  CHANNEL_MISMATCH: { status: 400, message: 'The channel id and the token name different channels.' },
  INVALID_NUMBER: { status: 400, message: 'The phone number cannot be dialled.' },
  BLOCKED_NUMBER: { status: 400, message: 'This person cannot be written to from this number.' },
  UNAUTHENTICATED: { status: 401, message: 'Sign in or send an API key.' },
  INVALID_CREDENTIALS: { status: 401, message: 'E-mail or password is wrong.' },
  SECOND_FACTOR_REQUIRED: { status: 401, message: 'Send the code of the second factor too.' },
  SECOND_FACTOR_REJECTED: { status: 401, message: 'The code is wrong, too old or was used already.' },
  CHANNEL_UNAUTHORIZED: { status: 401, message: 'The gateway does not accept the token of this channel.' },
  FORBIDDEN: { status: 403, message: 'Your role does not allow this.' },
  FOREIGN_ORIGIN: { status: 403, message: 'This request comes from another site.' },
  CHANNEL_TOKEN_REJECTED: { status: 403, message: 'The channel token was not accepted.' },
  GATEWAY_HOST_NOT_ALLOWED: { status: 403, message: 'Only an administrator may use this gateway address.' },
  WEBHOOK_REJECTED: { status: 403, message: 'The webhook was not accepted.' },
  NOT_FOUND: { status: 404, message: 'There is nothing here, or it is not yours.' },
  TIMEOUT: { status: 408, message: 'The gateway did not answer in time.' },
  REQUEST_TIMEOUT: { status: 408, message: 'The request took too long to arrive.' },
  CONFLICT: { status: 409, message: 'The state changed meanwhile; look again and repeat.' },
  SETUP_DONE: { status: 403, message: 'The first administrator exists already.' },
  NAME_TAKEN: { status: 409, message: 'This name is in use already.' },
  SECOND_FACTOR_STATE: { status: 409, message: 'The second factor is in a state that does not allow this.' },
  LAST_ADMIN: { status: 409, message: 'Somebody must remain who can administer this installation.' },
  USER_IN_USE: { status: 409, message: 'The account has channels, contacts or campaigns; disable it instead.' },
  INSTALLATION_NOT_ARMED: { status: 409, message: 'This installation is a copy and sends nothing until it is armed.' },
  TOKEN_IN_USE: { status: 409, message: 'You have a channel with this token already.' },
  CHANNEL_IN_USE: { status: 409, message: 'A campaign that has not ended uses this channel.' },
  CHANNEL_NOT_CONNECTED: { status: 409, message: 'The channel is not connected to WhatsApp; connect it first.' },
  CAMPAIGN_STATE: { status: 409, message: 'The campaign is in a state that does not allow this.' },
  CAMPAIGN_CONTENT_FROZEN: { status: 409, message: 'The content of a started campaign cannot change.' },
  MESSAGE_STATE: { status: 409, message: 'The message is in a state that does not allow this.' },
  IMPORT_STATE: { status: 409, message: 'The import is in a state that does not allow this.' },
  MEDIA_IN_USE: { status: 409, message: 'A message that may still go out, or a saved template, uses this file.' },
  CONTACT_EXISTS: { status: 409, message: 'You have a contact with this number already.' },
  PERSON_ERASED: { status: 409, message: 'This person was erased and can come back only by agreeing anew.' },
  PERSON_BUSY: { status: 409, message: 'A message to this person is under way; nothing more starts, repeat shortly.' },
  PAYLOAD_TOO_LARGE: { status: 413, message: 'The request is larger than the limit.' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, message: 'Send this as application/json (files as multipart/form-data).' },
  UNPROCESSABLE: { status: 422, message: 'The request is well formed but cannot be carried out.' },
  PASSWORD_TOO_WEAK: { status: 422, message: 'This password is easily guessed; choose another one.' },
  IDEMPOTENCY_KEY_REUSED: { status: 422, message: 'This Idempotency-Key was used for another request.' },
  UNKNOWN_CHANNEL: { status: 422, message: 'There is no such channel in your account.' },
  UNKNOWN_IMPORT: { status: 422, message: 'There is no such finished import in your account.' },
  UNKNOWN_GROUP: { status: 422, message: 'There is no such group or tag in your account.' },
  UNKNOWN_CAMPAIGN: { status: 422, message: 'There is no such campaign in your account.' },
  NO_RECIPIENTS: { status: 422, message: 'The campaign has nobody to write to.' },
  TEMPLATE_INVALID: { status: 422, message: 'The text of a message is not a valid template.' },
  CSV_UNREADABLE: { status: 422, message: 'The file could not be read as a table.' },
  RATE_LIMIT: { status: 429, message: 'Too many requests; wait and repeat.' },
  CAMPAIGN_RATE_LIMIT_EXCEEDED: { status: 429, message: 'Too many campaigns created in the last minute.' },
  HEADERS_TOO_LARGE: { status: 431, message: 'The headers of the request are larger than the limit.' },
  API_ERROR: { status: 500, message: 'The gateway answered with an error.' },
  INTERNAL: { status: 500, message: 'Something went wrong on our side; it was logged.' },
  DISCONNECTED: { status: 503, message: 'The channel is not connected to WhatsApp.' },
  SERVER_BUSY: { status: 503, message: 'The gateway is busy or out of reach.' },
  UNAVAILABLE: { status: 503, message: 'The database is busy or out of reach; repeat shortly.' },
  STORAGE_FULL: { status: 507, message: 'The server has no space left to store this.' },
} as const satisfies Record<string, { status: number; message: string }>

export type ErrorCode = keyof typeof ERRORS

/** The body of every error answer. `details` names fields or limits, never secrets. */
export type ErrorBody = { error: { code: ErrorCode; message: string; details?: unknown } }

/** What went wrong with a send, decided at the gateway adapter from codes and exact strings. */
export const FAILURE_CATEGORIES = [
  'INVALID_NUMBER',
  'BLOCKED_NUMBER',
  'DISCONNECTED',
  'UNAUTHORIZED',
  'RATE_LIMIT',
  'SERVER_BUSY',
  'TIMEOUT',
  'API_ERROR',
] as const
export type FailureCategory = (typeof FAILURE_CATEGORIES)[number]
