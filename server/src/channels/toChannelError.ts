import { ERRORS } from '#contract/errors.ts'
import { AppError } from '#server/lib/AppError.ts'
import { GatewayError } from './gateways/Gateway.ts'

/**
 * What our caller is told of a gateway's failure while working on a channel: the category, and none of its words. That
 * the channel is not connected is then its state and no failure. Other errors stay as they are.
 */
export function toChannelError(error: unknown): unknown {
  if (!(error instanceof GatewayError)) return error
  const { category } = error.failure
  if (category === 'UNAUTHORIZED') return new AppError('CHANNEL_UNAUTHORIZED', { cause: error })
  if (category === 'DISCONNECTED') return new AppError('CHANNEL_NOT_CONNECTED', { cause: error })
  return new AppError(category in ERRORS ? category : 'API_ERROR', { cause: error })
}
