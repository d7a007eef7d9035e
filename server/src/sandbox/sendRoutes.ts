import { hash, randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { answerSend } from './answerSend.ts'
import type { Attempt, Outcome } from './decideOutcome.ts'
import { decideOutcome, refuseByState, refuseUpload } from './decideOutcome.ts'
import { randomBetween } from './draw.ts'
import type { Payload } from './goAnswers.ts'
import { answerError, decodePayload, readText, WrongType } from './goAnswers.ts'
import type { Ledger, LedgerEntry } from './Ledger.ts'
import type { ContentFault, MessageType } from './media.ts'
import { findContentFault, findMissingField, MESSAGE_TYPES } from './media.ts'
import type { Receipts } from './Receipts.ts'
import { parseRecipient } from './recipient.ts'
import type { Exchange, Routes, UserHandler } from './router.ts'
import { spell } from './sessionRoutes.ts'
import type { Verdict } from './settings.ts'
import type { SandboxUser } from './users.ts'

type Deps = { ledger: Ledger; receipts: Receipts }
type Send = Attempt & { response: ServerResponse }

/** `/chat/send/…`: read, checked in WuzAPI's order, queued behind the number's other sends, then decided and answered. */
export function sendRoutes(deps: Deps): Routes {
  const routes = MESSAGE_TYPES.map((type): [string, UserHandler] => [
    `POST /chat/send/${type}`,
    (exchange, user) => receive(deps, type, exchange, user),
  ])
  return { user: Object.fromEntries(routes) }
}

function receive(deps: Deps, type: MessageType, { body, response }: Exchange, user: SandboxUser): void {
  const payload = decodePayload(body)
  const entry = describeRequest(user, type, body, payload)
  deps.ledger.recordRead(entry)
  const checked = checkRequest(user, type, payload)
  if ('fault' in checked) return refuse(deps, checked.fault, { entry, response, user })
  const send: Send = { user, entry, jid: checked.jid, type, response }
  user.queue.enter(user.settings.maxInFlight, () => start(deps, send))
}

/** Who and what a request was for, as far as it can be told; the ledger gets a line for a broken one too. */
function describeRequest(user: SandboxUser, type: MessageType, body: Buffer, payload: Payload | null): LedgerEntry {
  const number = parseRecipient(readLeniently(payload, 'Phone'))?.digits ?? ''
  const messageId = readLeniently(payload, 'Id') || `3EB0${randomBytes(9).toString('hex').toUpperCase()}`
  return { user: user.id, number, messageId, bodySha256: hash('sha256', body, 'hex'), type }
}

function readLeniently(payload: Payload | null, field: string): string {
  try {
    return payload === null ? '' : readText(payload, field)
  } catch (error) {
    if (error instanceof WrongType) return ''
    throw error
  }
}

/** The address to send to, or the answer to a request that gets no further. The order is that of every handler. */
function checkRequest(
  user: SandboxUser,
  type: MessageType,
  payload: Payload | null,
): { jid: string } | { fault: ContentFault } {
  if (user.state === 'absent') return { fault: { status: 500, error: 'no session' } }
  if (payload === null || !hasTextFields(payload)) return { fault: { status: 400, error: 'could not decode Payload' } }
  const missing = findMissingField(type, payload)
  if (missing !== null) return { fault: { status: 400, error: `missing ${missing} in Payload` } }
  const recipient = parseRecipient(readText(payload, 'Phone'))
  if (recipient === null) return { fault: { status: 400, error: 'could not parse Phone' } }
  const fault = findContentFault(type, payload)
  if (fault !== null) return { fault }
  const upload = refuseUpload(user.state, type)
  return upload === null ? { jid: recipient.jid } : { fault: { status: 500, error: upload } }
}

const TEXT_FIELDS = ['Phone', 'Body', 'Id', 'Image', 'Video', 'Audio', 'Document', 'FileName', 'Caption', 'MimeType']

function hasTextFields(payload: Payload): boolean {
  try {
    for (const field of TEXT_FIELDS) readText(payload, field)
    return true
  } catch (error) {
    if (error instanceof WrongType) return false
    throw error
  }
}

function refuse(
  deps: Deps,
  fault: ContentFault,
  { entry, response, user }: Pick<Send, 'entry' | 'response' | 'user'>,
): void {
  deps.ledger.recordRefusal(entry, fault === 'panic' ? 'panic' : fault.error)
  if (fault === 'panic') response.destroy()
  else answerError(response, fault.status, spell(user, fault.error))
}

/** The number's turn has come. From here `leave` must be called once, whatever happens. */
function start(deps: Deps, send: Send): void {
  const { entry, jid, type, user } = send
  const error = refuseByState(user.state, type, jid) ?? refuseUpload(user.state, type)
  if (error !== null) return finish(deps, send, { accept: false, verdict: error, answer: { kind: 'error', error } })
  const scripted = takeVerdict(user, entry.number)
  const { latencyMaxMs, latencyMinMs } = user.settings
  const waitMs = randomBetween(latencyMinMs, latencyMaxMs) + (scripted?.kind === 'delay' ? scripted.ms : 0)
  if (waitMs === 0) finish(deps, send, decideOutcome(send, scripted, deps.ledger))
  else setTimeout(() => finish(deps, send, decideOutcome(send, scripted, deps.ledger)), waitMs)
}

function takeVerdict(user: SandboxUser, number: string): Verdict | null {
  if (user.script.size === 0) return null
  return user.script.get(number)?.shift() ?? user.script.get('*')?.shift() ?? null
}

/** An accepted message is in the ledger's file before its answer leaves. */
function finish({ ledger, receipts }: Deps, send: Send, { accept, answer, verdict }: Outcome): void {
  const { entry, user } = send
  if (!accept) {
    ledger.recordRefusal(entry, verdict)
    answerSend(send, answer)
    return user.queue.leave(user.settings.maxInFlight)
  }
  ledger.recordAcceptance(entry, verdict, (error, duplicate) => {
    if (error !== null) answerSend(send, { kind: 'error', error: 'database error' })
    else answerSend(send, answer)
    if (error === null && !duplicate) receipts.schedule(user, entry.messageId, entry.number)
    user.queue.leave(user.settings.maxInFlight)
  })
}
