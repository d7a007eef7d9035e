import { ERRORS, type FailureCategory } from '#contract/errors.ts'
import { GatewayError, type SendFailure } from '#server/channels/gateways/Gateway.ts'
import { AppError } from '#server/lib/AppError.ts'

/**
 * The one form in which dispatch thinks of failures. What a gateway said was decided at its adapter; everything else is
 * ours: while a message is made surely nothing was sent, once it `isOut` nobody can tell.
 */
export function categorizeError(error: unknown, isOut = false): SendFailure {
  if (error instanceof GatewayError) return error.failure
  const ours = { category: 'API_ERROR', fate: 'notSent', scope: 'recipient', notBefore: null } as const
  if (error instanceof AppError && error.code === 'TEMPLATE_INVALID') {
    const details = error.details as { message?: string } | undefined
    return { ...ours, code: 'TEMPLATE', permanent: true, message: details?.message ?? error.message }
  }
  if (isOut)
    return {
      ...ours,
      code: 'INTERNAL',
      fate: 'maybe',
      permanent: false,
      message: 'What became of the message got lost.',
    }
  return { ...ours, code: 'INTERNAL', permanent: false, message: 'The message could not be prepared.' }
}

/**
 * The lease ran out while the message was made (its template computed for too long, or the process was stopped), or it
 * could not be written down that a suspect's message leaves. The recipient goes back as if never taken.
 */
export const OUTLIVED: SendFailure = {
  category: 'TIMEOUT',
  code: 'ABORTED',
  fate: 'notSent',
  permanent: false,
  scope: 'recipient',
  notBefore: null,
  message: 'The request could not start in time.',
}

/** A row whose message was being made when its worker died, three times over: whoever makes it dies. */
export const POISON: SendFailure = {
  category: 'API_ERROR',
  code: 'POISON',
  fate: 'notSent',
  permanent: true,
  scope: 'recipient',
  notBefore: null,
  message: 'This recipient was given up after the process died on it three times.',
}

/** The database takes no writes: nothing is wrong with any recipient, and nothing more may leave. */
export const STORAGE: SendFailure = {
  category: 'API_ERROR',
  code: 'STORAGE',
  fate: 'notSent',
  permanent: false,
  scope: 'channel',
  notBefore: null,
  message: 'The database takes no writes: its disk is full, broken or read-only.',
}

/** The HTTP status that a failure of this category has for our caller. */
export function httpStatusOf(category: FailureCategory): number {
  return ERRORS[category === 'UNAUTHORIZED' ? 'CHANNEL_UNAUTHORIZED' : category].status
}
