import { draw } from './draw.ts'
import type { Ledger, LedgerEntry } from './Ledger.ts'
import { ONCE } from './Ledger.ts'
import type { MessageType } from './media.ts'
import { isOnWhatsapp, refuseAddress } from './recipient.ts'
import type { ConnectionState, Verdict } from './settings.ts'
import type { SandboxUser } from './users.ts'

/** What the caller gets. `error` is a tail; the prefix of the message type comes before it. */
export type SendAnswer =
  | { kind: 'sent' }
  | { kind: 'error'; error: string }
  | { kind: 'answer'; status: number; body: string; contentType: string; retryAfter: string | null }
  | { kind: 'hang' }
  | { kind: 'reset' }
  | { kind: 'drip'; everyMs: number }

/** How a send ends: whether the message reached its recipient, and, quite apart from that, what the caller hears. */
export type Outcome = { accept: boolean; verdict: string; answer: SendAnswer }

export type Attempt = { user: SandboxUser; entry: LedgerEntry; jid: string; type: MessageType }

/** What a send gets that is let through to WhatsApp. `scripted` overrules everything but a lost connection. */
export function decideOutcome(attempt: Attempt, scripted: Verdict | null, ledger: Ledger): Outcome {
  const { entry, jid, user } = attempt
  if (user.state !== 'ready') return interrupted(attempt)
  if (scripted !== null && scripted.kind !== 'delay' && !contradictsItself(scripted, entry, ledger))
    return followScript(scripted)
  const { settings } = user
  const { rateLimitPerMinute } = settings
  if (rateLimitPerMinute > 0 && !user.sentLastMinute.allows(rateLimitPerMinute, Date.now())) {
    return refused('server returned error 429')
  }
  const badAddress = refuseAddress(jid)
  if (badAddress !== null) return refused(badAddress)
  if (jid.endsWith('@s.whatsapp.net') && !isOnWhatsapp(settings, entry.number)) {
    return refused(`no LID found for ${jid} from server`)
  }
  return drawTransient(attempt, ledger) ?? { accept: true, verdict: 'sent', answer: { kind: 'sent' } }
}

/** A number that a message has reached is on WhatsApp: no gateway says otherwise when the same message comes again. */
function contradictsItself(scripted: Verdict, { user, messageId }: LedgerEntry, ledger: Ledger): boolean {
  return scripted.kind === 'error' && scripted.error.startsWith('no LID found') && ledger.hasAccepted(user, messageId)
}

/** What a send gets without a ready connection: the tail of its error, as long as the connection stays so. */
export function refuseByState(state: ConnectionState, type: MessageType, jid: string): string | null {
  if (state === 'ready') return null
  if (state === 'absent') return 'client is nil'
  if (type !== 'text') return null
  if (state !== 'dropped') return "the store doesn't contain a device JID"
  return `failed to get user info for ${jid} to fill LID cache: failed to send usync query: websocket not connected`
}

/** The whole error of a media send whose upload has no connection; it has no prefix. */
export function refuseUpload(state: ConnectionState, type: MessageType): string | null {
  if (type === 'text' || state === 'ready' || state === 'absent') return null
  const cause = state === 'qr' ? 'info query timed out' : 'websocket not connected'
  return `failed to upload file: failed to refresh media connections: failed to query media connections: ${cause}`
}

/** The frame was on its way when the connection went: for half of the messages it arrived. */
function interrupted({ entry, user }: Attempt): Outcome {
  const error = 'websocket disconnected before message send returned response'
  const accept = draw(user.settings.seed, 'interrupted', entry.messageId) < 0.5
  return { accept, verdict: error, answer: { kind: 'error', error } }
}

function followScript(scripted: Exclude<Verdict, { kind: 'delay' }>): Outcome {
  const verdict = `script: ${scripted.kind}`
  switch (scripted.kind) {
    case 'sent':
      return { accept: true, verdict, answer: scripted }
    case 'drip':
      return { accept: true, verdict, answer: scripted }
    case 'error':
      return { accept: scripted.accept ?? false, verdict: scripted.error, answer: scripted }
    case 'hang':
      return { accept: scripted.accept ?? false, verdict, answer: scripted }
    case 'resetBeforeAnswer':
      return { accept: false, verdict, answer: { kind: 'reset' } }
    case 'resetAfterAccept':
      return { accept: true, verdict, answer: { kind: 'reset' } }
    case 'answer': {
      const { body, contentType = 'application/json', kind, retryAfter = null, status } = scripted
      return { accept: scripted.accept ?? false, verdict, answer: { kind, status, body, contentType, retryAfter } }
    }
  }
}

/** Errors that pass. In the third the message arrives and only the answer says otherwise. */
const TRANSIENT = [
  { error: 'server returned error 503', accept: false },
  { error: 'info query timed out', accept: false },
  { error: 'timed out waiting for message send response', accept: true },
  {
    error:
      'failed to get device list: failed to send usync query: info query returned status 500: internal-server-error',
    accept: false,
  },
]

/** A message of the unlucky share fails at its first attempt, and at that one only. */
function drawTransient({ entry, user }: Attempt, ledger: Ledger): Outcome | null {
  const { seed, transientErrors } = user.settings
  if (transientErrors === 0 || draw(seed, 'transient', entry.messageId) >= transientErrors) return null
  if (ledger.hasHadItsFailure(entry.user, entry.messageId)) return null
  const kind = TRANSIENT[Math.floor(draw(seed, 'transient-kind', entry.messageId) * TRANSIENT.length)]
  if (kind === undefined) return null
  return { accept: kind.accept, verdict: `${ONCE}${kind.error}`, answer: { kind: 'error', error: kind.error } }
}

function refused(error: string): Outcome {
  return { accept: false, verdict: error, answer: { kind: 'error', error } }
}
