import { draw } from '../draw.ts'
import type { Ledger, LedgerEntry } from '../Ledger.ts'
import { ONCE } from '../Ledger.ts'
import type { CloudNumber } from './CloudNumbers.ts'
import type { CloudStatus, CloudVerdict } from './cloudSettings.ts'
import type { GraphFault } from './graphAnswers.ts'

export type CloudAnswer =
  | { kind: 'accepted'; messageStatus: string | null }
  | { kind: 'fault'; fault: GraphFault }
  | { kind: 'answer'; status: number; body: string; contentType: string }
  | { kind: 'hang' }
  | { kind: 'reset' }
  | { kind: 'drip'; everyMs: number }

/** What Meta will report of an accepted message; null draws it from the shares. */
export type Reports = { statuses: CloudStatus[] | null; code: number }

/** How a send ends: whether the message leaves, what is reported of it, and, quite apart from that, what the caller hears. */
export type CloudOutcome = { accept: boolean; verdict: string; reports: Reports; answer: CloudAnswer }

const NOT_THERE = 131026
const ACCEPTED: CloudAnswer = { kind: 'accepted', messageStatus: null }
const DRAWN: Reports = { statuses: null, code: NOT_THERE }

/** `scripted` overrules everything but a number that cannot send. */
export function decideCloudSend(
  number: CloudNumber,
  entry: LedgerEntry,
  scripted: CloudVerdict | null,
  ledger: Ledger,
): CloudOutcome {
  if (number.status !== 'CONNECTED') return refuse({ code: number.status === 'RESTRICTED' ? 368 : 133010 })
  if (scripted !== null && scripted.kind !== 'delay') return followScript(scripted)
  if (!takeToken(number, Date.now())) return refuse({ code: 130429 })
  return drawFault(number, entry, ledger) ?? { accept: true, verdict: 'sent', reports: DRAWN, answer: ACCEPTED }
}

function followScript(scripted: Exclude<CloudVerdict, { kind: 'delay' }>): CloudOutcome {
  const script = { verdict: `script: ${scripted.kind}`, reports: DRAWN }
  switch (scripted.kind) {
    case 'accept': {
      const reports = { statuses: scripted.statuses ?? null, code: scripted.code ?? NOT_THERE }
      return {
        accept: true,
        verdict: script.verdict,
        reports,
        answer: { kind: 'accepted', messageStatus: scripted.messageStatus ?? null },
      }
    }
    case 'error': {
      const { kind: _, accept = false, ...fault } = scripted
      return { ...script, accept, verdict: `error ${fault.code}`, answer: { kind: 'fault', fault } }
    }
    case 'answer': {
      const { status, body, contentType = 'application/json', accept = false } = scripted
      return { ...script, accept, answer: { kind: 'answer', status, body, contentType } }
    }
    case 'hang':
      return { ...script, accept: scripted.accept ?? false, answer: { kind: 'hang' } }
    case 'resetBeforeAnswer':
      return { ...script, accept: false, answer: { kind: 'reset' } }
    case 'resetAfterAccept':
      return { ...script, accept: true, answer: { kind: 'reset' } }
    case 'drip':
      return { ...script, accept: true, answer: scripted }
  }
}

/** Fills with the number's messages per second and holds those of one second. */
function takeToken({ bucket, settings }: CloudNumber, nowMs: number): boolean {
  const rate = settings.messagesPerSecond
  if (rate === 0) return true
  bucket.tokens = Math.min(rate, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * rate)
  bucket.atMs = nowMs
  if (bucket.tokens < 1) return false
  bucket.tokens -= 1
  return true
}

/** The first of the shares that this recipient falls into. */
function drawFault({ settings }: CloudNumber, entry: LedgerEntry, ledger: Ledger): CloudOutcome | null {
  for (const { code, share, when, once = false } of settings.faults) {
    if (draw(settings.seed, `${when} ${code}`, entry.number) >= share) continue
    if (once && ledger.hasHadItsFailure(entry.user, entry.messageId)) continue
    if (when === 'webhook')
      return { accept: true, verdict: 'sent', reports: { statuses: ['failed'], code }, answer: ACCEPTED }
    const refused = refuse({ code })
    return once ? { ...refused, verdict: `${ONCE}${refused.verdict}` } : refused
  }
  return null
}

function refuse(fault: GraphFault): CloudOutcome {
  return { accept: false, verdict: `error ${fault.code}`, reports: DRAWN, answer: { kind: 'fault', fault } }
}
