import { GatewayError, type Gateway, type SendFailure } from './Gateway.ts'
import { verdict } from './gatewayFailures.ts'

/** Why nothing may leave on a channel: its address is not allowed, its token cannot be read, or no gateway could use either. */
export type ClosedBecause = 'host' | 'token' | 'access'

const FAILURES: Record<ClosedBecause, SendFailure> = {
  host: {
    ...verdict('DISCONNECTED', 'HOST_NOT_ALLOWED', { scope: 'channel' }),
    notBefore: null,
    message: 'Only an administrator may use the gateway address of this channel; nothing was sent.',
  },
  token: {
    ...verdict('UNAUTHORIZED', 'TOKEN_UNREADABLE', { scope: 'channel' }),
    notBefore: null,
    message: 'The stored token of this channel is damaged; nothing was sent. Save the token anew.',
  },
  access: {
    ...verdict('UNAUTHORIZED', 'ACCESS_UNUSABLE', { scope: 'channel' }),
    notBefore: null,
    message: 'No gateway can be reached with the address and token of this channel; nothing was sent. Save them anew.',
  },
}

/**
 * In place of a gateway that may not be used: no request leaves, and its campaigns pause. `isIdempotent` is the real
 * one's: by it is decided what becomes of messages that may have left before.
 */
export function createClosedGateway(because: ClosedBecause, isIdempotent: boolean): Gateway {
  const failure = FAILURES[because]
  const refuse = () => Promise.reject(new GatewayError(failure))
  return {
    limits: { deadlineMs: 1000, maxInFlight: 1 },
    isIdempotent,
    send: () => Promise.resolve({ ok: false, failure }),
    status: refuse,
    checkNumbers: refuse,
    registerWebhook: refuse,
    ...(isIdempotent ? { pairing: { connect: refuse, qr: refuse, logout: refuse } } : {}),
    close: () => Promise.resolve(),
  }
}
