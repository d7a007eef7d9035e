import type { ChannelStatus, GatewayName } from '#contract/channels.ts'
import type { FailureCategory } from '#contract/errors.ts'
import type { PauseReason } from '#contract/states.ts'
import type { GatewayEvent, SendFailure } from '#server/channels/gateways/Gateway.ts'

/** As stored: an instant is text. */
export type ConnectionEvent = Omit<Extract<GatewayEvent, { type: 'connection' }>, 'until'> & {
  until: string | Date | null
}

export type ConnectionChange = {
  /** Null: the number can send. */
  pause: { reason: PauseReason; status: ChannelStatus; until: Date | null; failure: SendFailure } | null
  /** Whether it may be out of date, so that the gateway is worth asking. */
  needsProof: boolean
}

type Loss = Exclude<ConnectionEvent['state'], 'connected'>

/** The longest ban that is believed; Meta's last for 30 days at most (contracts/cloud-api.md 5). */
const LONGEST_BAN_MS = 30 * 86_400_000

const SEVERITY: Record<Loss, number> = { disconnected: 0, logged_out: 1, banned: 2 }

/**
 * What a run of reports, oldest first, comes to: what was said before the number was last connected is over; of what was
 * said since, the worst counts.
 */
export function decideConnection(
  gateway: GatewayName,
  events: ConnectionEvent[],
  now: number = Date.now(),
): ConnectionChange {
  const since = events.findLastIndex(({ state }) => state === 'connected') + 1
  const losses = events.slice(since).flatMap(({ state, until }) => (state === 'connected' ? [] : [{ state, until }]))
  const worst = losses.toSorted((a, b) => SEVERITY[b.state] - SEVERITY[a.state])[0]
  if (worst === undefined) return { pause: null, needsProof: false }
  const until = worst.until === null ? null : new Date(Math.min(new Date(worst.until).getTime(), now + LONGEST_BAN_MS))
  // A banned number may well be called ready; that it is connected does not prove that it may write.
  return { pause: { ...LOSSES[worst.state](gateway), until }, needsProof: worst.state !== 'banned' }
}

type Consequence = { reason: PauseReason; status: ChannelStatus; failure: SendFailure }

const LOSSES: Record<Loss, (gateway: GatewayName) => Consequence> = {
  disconnected: () => ({
    reason: 'disconnected',
    status: 'disconnected',
    failure: failureOf('DISCONNECTED', 'REPORTED_DISCONNECTED', 'The gateway reported that the number lost WhatsApp.'),
  }),
  // On the Cloud API nothing can be paired: the account was deleted, or our app was removed from it.
  logged_out: (gateway) =>
    gateway === 'cloud'
      ? {
          reason: 'unauthorized',
          status: 'unauthorized',
          failure: failureOf('UNAUTHORIZED', 'REPORTED_REMOVED', 'Meta reported that this app lost the account.'),
        }
      : {
          reason: 'disconnected',
          status: 'logged_out',
          failure: failureOf(
            'DISCONNECTED',
            'REPORTED_LOGGED_OUT',
            'The number was logged out and must be paired again.',
          ),
        },
  banned: () => ({
    reason: 'blocked',
    status: 'disconnected',
    failure: failureOf('RATE_LIMIT', 'REPORTED_BAN', 'WhatsApp does not let this number write for a while.'),
  }),
}

function failureOf(category: FailureCategory, code: string, message: string): SendFailure {
  return { category, code, fate: 'notSent', permanent: true, scope: 'channel', notBefore: null, message }
}
