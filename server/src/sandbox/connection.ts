import type { ConnectionState, StateChange } from './settings.ts'
import type { SandboxUser, UserRegistry } from './users.ts'
import { jidOf } from './users.ts'
import type { WebhookPoster } from './WebhookPoster.ts'

type Deps = { users: UserRegistry; poster: WebhookPoster }

/** Puts the number into a state, as if WhatsApp or its owner had done so, and reports it. */
export function changeConnection({ users, poster }: Deps, user: SandboxUser, change: StateChange): void {
  const before = user.state
  user.state = change.state
  user.pairing = null
  user.paired = isPairedAfter(user, change)
  users.save()
  if (before === 'qr' && change.state === 'ready') poster.post(user, pairSuccess(user))
  const event = change.event === undefined ? usualEvent(before, change.state) : change.event
  if (event !== null) poster.post(user, { type: event, event: eventBody(event) })
}

/** Ready to send: the socket is open and WhatsApp knows the device. */
export function isReady(user: SandboxUser): boolean {
  return user.state === 'ready'
}

export function isConnected(user: SandboxUser): boolean {
  return user.state === 'ready' || user.state === 'qr'
}

/** Stays true over a network drop, as in the real server. */
export function isLoggedIn(user: SandboxUser): boolean {
  return user.state === 'ready' || user.state === 'dropped'
}

/** A logged-out device has to be paired again; a client that is merely gone has not. */
function isPairedAfter(user: SandboxUser, { state, event }: StateChange): boolean {
  if (state === 'absent') return user.paired && event !== 'LoggedOut'
  return state === 'ready' || state === 'dropped'
}

function usualEvent(before: ConnectionState, after: ConnectionState): string | null {
  if (before === after) return null
  if (after === 'ready') return 'Connected'
  return before === 'ready' && after === 'dropped' ? 'Disconnected' : null
}

function eventBody(type: string): unknown {
  // 401: logged out on the phone.
  if (type === 'LoggedOut') return { OnConnect: true, Reason: 401 }
  // 101: too many messages to strangers; the hour is in nanoseconds.
  if (type === 'TemporaryBan') return { Code: 101, Expire: 3_600_000_000_000 }
  if (type === 'StreamError') return { Code: '503', Raw: {} }
  return {}
}

function pairSuccess(user: SandboxUser): { type: string; event: unknown } {
  const event = { ID: jidOf(user), LID: '100000000000001@lid', BusinessName: '', Platform: 'android' }
  return { type: 'PairSuccess', event }
}
