import { GatewayError, type Gateway, type SendFailure } from './Gateway.ts'
import { verdict } from './gatewayFailures.ts'

const FAILURE: SendFailure = {
  ...verdict('DISCONNECTED', 'HOST_NOT_ALLOWED', { scope: 'channel' }),
  notBefore: null,
  message: 'Only an administrator may use the gateway address of this channel; nothing was sent.',
}

/**
 * In place of a gateway that the channel's owner may not use any more: no request leaves, and its campaigns pause.
 * `isIdempotent` is the real one's: by it is decided what becomes of messages that may have left before.
 */
export function createClosedGateway(isIdempotent: boolean): Gateway {
  const refuse = () => Promise.reject(new GatewayError(FAILURE))
  return {
    limits: { deadlineMs: 1000, maxInFlight: 1 },
    isIdempotent,
    send: () => Promise.resolve({ ok: false, failure: FAILURE }),
    status: refuse,
    checkNumbers: refuse,
    registerWebhook: refuse,
    close: () => Promise.resolve(),
  }
}
