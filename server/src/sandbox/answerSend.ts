import type { ServerResponse } from 'node:http'
import type { SendAnswer } from './decideOutcome.ts'
import { answerError, answerText, goJson } from './goAnswers.ts'
import type { LedgerEntry } from './Ledger.ts'
import type { MessageType } from './media.ts'
import { spell } from './sessionRoutes.ts'
import type { SandboxUser } from './users.ts'

type Answered = { user: SandboxUser; entry: LedgerEntry; type: MessageType; response: ServerResponse }

/** After so long the real server throws an answer away and closes the connection. */
const WRITE_TIMEOUT_MS = 120_000

/** Gives the caller of a send what was decided for it. */
export function answerSend({ entry, response, type, user }: Answered, answer: SendAnswer): void {
  switch (answer.kind) {
    case 'sent':
      return answerText(response, 200, sentBody(user, entry.messageId), 'application/json')
    case 'error':
      return answerError(response, 500, spell(user, `${prefixOf(type, answer.error)}${answer.error}`))
    case 'answer':
      if (answer.retryAfter !== null && !response.headersSent) response.setHeader('Retry-After', answer.retryAfter)
      return answerText(response, answer.status, answer.body, answer.contentType)
    case 'hang':
      return hang(response)
    case 'reset':
      response.socket?.resetAndDestroy()
      return
    case 'drip':
      return drip(response, sentBody(user, entry.messageId), answer.everyMs)
  }
}

/** By hand: this is the one answer that is written thousands of times a second. */
function sentBody({ settings }: SandboxUser, messageId: string): string {
  const seconds = Math.floor(Date.now() / 1_000)
  const timestamp = settings.profile === 'A' ? `"${new Date(seconds * 1_000).toISOString()}"` : seconds
  return `{"code":200,"data":{"Details":"Sent","Id":${goJson(messageId)},"Timestamp":${timestamp}},"success":true}\n`
}

function prefixOf(type: MessageType, error: string): string {
  if (error.startsWith('failed to upload file: ')) return ''
  return type === 'text' || type === 'video' ? 'error sending message: ' : 'Error sending message: '
}

/** No answer, until the caller gives up or 120 s have passed. */
export function hang(response: ServerResponse): void {
  const timer = setTimeout(() => response.destroy(), WRITE_TIMEOUT_MS)
  response.on('close', () => clearTimeout(timer))
}

/** The whole answer, one byte at a time. */
export function drip(response: ServerResponse, text: string, everyMs: number): void {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) })
  const bytes = Buffer.from(text)
  let at = 0
  const timer = setInterval(() => {
    response.write(bytes.subarray(at, ++at))
    if (at < bytes.length) return
    clearInterval(timer)
    response.end()
  }, everyMs)
  response.on('close', () => clearInterval(timer))
}
