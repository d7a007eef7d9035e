import { pino, type Bindings, type Logger } from 'pino'
import { failpoints } from './failpoints.ts'
import { LineSink } from './LineSink.ts'
import { redact, redactText } from './redact.ts'

export type Log = Logger

const standardError = new LineSink(2)

/**
 * Structured log: one JSON object a line on standard error, so that standard output stays for people and pipes. Logging
 * never throws: what cannot be written is lost, and whoever told it goes on. Secrets and phones are taken out of every
 * line (`redact`), whoever writes it.
 */
export function createLogger(options: { level: string; name?: string }): Log {
  const log = pino(
    {
      level: options.level,
      base: { name: options.name ?? 'revoada', pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      // Ours has come before: pino's would write out once more what hangs on an error.
      serializers: { err: (error: unknown) => error },
      hooks: {
        logMethod(args, method) {
          try {
            if (failpoints !== null) failpoints.passNow('during_log')
            method.apply(this, redactArguments(args) as typeof args)
          } catch {
            // Nobody is left to tell.
          }
        },
      },
    },
    standardError,
  )
  // What a child says on every line is written out when it is made, and never comes through the hook.
  const child = Reflect.get(log, 'child') as Log['child']
  log.child = function (this: Log, bindings: Bindings, ...rest: []) {
    return child.call(this, redact(bindings) as Bindings, ...rest)
  } as typeof child
  return log
}

/** Everything that is told goes through here: the object, the sentence, and what is put into the sentence. */
function redactArguments([first, ...rest]: readonly unknown[]): unknown[] {
  const others = rest.map(redact)
  if (!(first instanceof Error)) return [redact(first), ...others]
  return [{ err: redact(first) }, ...(others.length > 0 ? others : [redactText(first.message)])]
}
