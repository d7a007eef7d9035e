import { ERRORS } from '#contract/errors.ts'
import { AppError } from '#server/lib/AppError.ts'
import { GatewayError } from './gateways/Gateway.ts'

/** What our caller is told of a gateway's failure: the category, and none of its words. Other errors stay as they are. */
export function toChannelError(error: unknown): unknown {
  if (!(error instanceof GatewayError)) return error
  const { category } = error.failure
  const code = category === 'UNAUTHORIZED' ? 'CHANNEL_UNAUTHORIZED' : category in ERRORS ? category : 'API_ERROR'
  return new AppError(code, { cause: error })
}
