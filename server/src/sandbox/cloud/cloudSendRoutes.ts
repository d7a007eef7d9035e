import { hash, randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { drip, hang } from '../answerSend.ts'
import { draw, randomBetween } from '../draw.ts'
import { answerText, decodePayload } from '../goAnswers.ts'
import type { Ledger, LedgerEntry } from '../Ledger.ts'
import type { CloudNumber } from './CloudNumbers.ts'
import type { CloudReports } from './CloudReports.ts'
import type { CloudVerdict } from './cloudSettings.ts'
import { readMessage } from './checkMessage.ts'
import { decideCloudSend, type CloudAnswer, type CloudOutcome } from './decideCloudSend.ts'
import { answerFault, answerGraph } from './graphAnswers.ts'

export type CloudSendDeps = { ledger: Ledger; reports: CloudReports }

type CloudSend = {
  number: CloudNumber
  entry: LedgerEntry & { wamid: string }
  /** As the sender wrote it. */
  to: string
  callbackData: string
  response: ServerResponse
}

/**
 * `POST /{version}/{phone-number-id}/messages`. There is no idempotency: each request that is accepted is a message of
 * its own, with a wamid of its own and a line of its own in the ledger.
 */
export function receiveCloudSend(
  deps: CloudSendDeps,
  number: CloudNumber,
  body: Buffer,
  response: ServerResponse,
): void {
  const payload = decodePayload(body)
  const { type, digits, callbackData, fault } = readMessage(number, payload)
  const wamid = `wamid.HBgN${randomBytes(21).toString('base64url')}`
  const messageId = callbackData === '' ? wamid : callbackData
  const entry = { user: number.id, number: digits, messageId, bodySha256: hash('sha256', body, 'hex'), type, wamid }
  deps.ledger.recordRead(entry)
  if (fault !== null) {
    deps.ledger.recordRefusal(entry, `error ${fault.code}`)
    return answerFault(response, fault, number)
  }
  const to = typeof payload?.['to'] === 'string' ? payload['to'] : ''
  decideLater(deps, { number, entry, to, callbackData, response })
}

function decideLater(deps: CloudSendDeps, send: CloudSend): void {
  const { number, entry } = send
  const scripted = takeVerdict(number, entry.number)
  const { latencyMaxMs, latencyMinMs } = number.settings
  const waitMs = randomBetween(latencyMinMs, latencyMaxMs) + (scripted?.kind === 'delay' ? scripted.ms : 0)
  const decide = () => finish(deps, send, decideCloudSend(number, entry, scripted, deps.ledger))
  if (waitMs === 0) decide()
  else setTimeout(decide, waitMs)
}

function takeVerdict({ script }: CloudNumber, digits: string): CloudVerdict | null {
  if (script.size === 0) return null
  return script.get(digits)?.shift() ?? script.get('*')?.shift() ?? null
}

/** An accepted message is in the ledger's file before its answer leaves. */
function finish(
  { ledger, reports }: CloudSendDeps,
  send: CloudSend,
  { accept, answer, verdict, reports: wanted }: CloudOutcome,
): void {
  const { number, entry, callbackData } = send
  if (!accept) {
    ledger.recordRefusal(entry, verdict)
    return answerCloudSend(send, answer)
  }
  ledger.recordAcceptance(entry, verdict, (error) => {
    if (error !== null) return answerFault(send.response, { code: 131000 }, number)
    reports.schedule(number, { wamid: entry.wamid, waId: waIdOf(send), callbackData }, wanted)
    answerCloudSend(send, answer)
  })
}

/** WhatsApp's own number for the person, which is not always the one that was written to. */
function waIdOf({ number, entry }: CloudSend): string {
  const { settings } = number
  const isMobile = /^55\d\d9\d{8}$/.test(entry.number)
  const isOld = isMobile && draw(settings.seed, 'old-id', entry.number) < settings.oldBrazilianIds
  return isOld ? entry.number.slice(0, 4) + entry.number.slice(5) : entry.number
}

function answerCloudSend(send: CloudSend, answer: CloudAnswer): void {
  const { number, response } = send
  switch (answer.kind) {
    case 'accepted':
      return answerGraph(response, 200, acceptedBody(send, answer.messageStatus), number)
    case 'fault':
      return answerFault(response, answer.fault, number)
    case 'answer':
      return answerText(response, answer.status, answer.body, answer.contentType)
    case 'hang':
      return hang(response)
    case 'reset':
      response.socket?.resetAndDestroy()
      return
    case 'drip':
      return drip(response, JSON.stringify(acceptedBody(send, null)), answer.everyMs)
  }
}

/** `message_status` comes with templates only. */
function acceptedBody(send: CloudSend, messageStatus: string | null): unknown {
  const { entry, to } = send
  const status = messageStatus ?? (entry.type === 'template' ? 'accepted' : null)
  const message = { id: entry.wamid, ...(status === null ? {} : { message_status: status }) }
  return { messaging_product: 'whatsapp', contacts: [{ input: to, wa_id: waIdOf(send) }], messages: [message] }
}
