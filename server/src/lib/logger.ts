import { pino, type Logger } from 'pino'
import { failpoints } from './failpoints.ts'
import { LineSink } from './LineSink.ts'

export type Log = Logger

/** Keys whose values never reach a log line, at the top and one or two levels down. */
const SECRET_KEYS = [
  'token',
  'password',
  'secret',
  'key',
  'authorization',
  'cookie',
  'hmacKey',
  'webhookKey',
  'set-cookie',
]

const standardError = new LineSink(2)

/**
 * Structured log: one JSON object a line on standard error, so that standard output stays for people and pipes. Logging
 * never throws: what cannot be written is lost, and whoever told it goes on.
 */
export function createLogger(options: { level: string; name?: string }): Log {
  return pino(
    {
      level: options.level,
      base: { name: options.name ?? 'revoada', pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      hooks: {
        logMethod(args, method) {
          try {
            if (failpoints !== null) failpoints.passNow('during_log')
            method.apply(this, args)
          } catch {
            // Nobody is left to tell.
          }
        },
      },
      redact: {
        paths: SECRET_KEYS.flatMap((key) => [`["${key}"]`, `*["${key}"]`, `*.*["${key}"]`]),
        censor: '[redacted]',
      },
    },
    standardError,
  )
}

/** The last four digits stay, so that a person can find the row and a thief cannot use the log. */
export function maskPhone(phone: string): string {
  return phone.replace(/\d(?=(?:\D*\d){4})/g, '•')
}
