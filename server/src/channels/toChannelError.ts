import { ERRORS } from '#contract/errors.ts'
import { AppError } from '#server/lib/AppError.ts'
import { GatewayError } from './gateways/Gateway.ts'

/**
 * What our caller is told of a gateway's failure: the category, and none of its words. Where a call `needsConnection`,
 * that there is none is the channel's state and no failure. Other errors stay as they are.
 */
export function toChannelError(error: unknown, { needsConnection = false } = {}): unknown {
  if (!(error instanceof GatewayError)) return error
  const { category, code } = error.failure
  if (category === 'UNAUTHORIZED') return new AppError('CHANNEL_UNAUTHORIZED', { cause: error })
  if (needsConnection && category === 'DISCONNECTED' && code !== 'HOST_NOT_ALLOWED')
    return new AppError('CHANNEL_NOT_CONNECTED', { cause: error })
  return new AppError(category in ERRORS ? category : 'API_ERROR', { cause: error })
}
