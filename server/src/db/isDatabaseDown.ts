/**
 * SQLSTATE and system codes that mean "out of reach or restarting, repeat later". Seen over fast and immediate restarts
 * of PostgreSQL 15: 57P01, 57P03, ECONNREFUSED and the code-less "Connection terminated unexpectedly".
 */
const TRANSIENT_CODES = new Set([
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '53300', // too_many_connections
  '08000',
  '08001',
  '08003',
  '08006',
  '08P01', // what PgBouncer says when its server is gone: "server conn crashed?", "server login has been failing"
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT', // the socket of the embedded database, while it restarts
  'ETIMEDOUT',
  'EHOSTUNREACH',
])

const TRANSIENT_MESSAGES = [
  'Connection terminated',
  'Query read timeout',
  'timeout exceeded when trying to connect',
  'Client has encountered a connection error',
  'Client was closed',
]

/** True when the statement may work if repeated later: nothing is wrong with it. */
export function isDatabaseDown(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = (error as { code?: unknown }).code
  if (typeof code === 'string' && TRANSIENT_CODES.has(code)) return true
  return TRANSIENT_MESSAGES.some((text) => error.message.includes(text))
}
