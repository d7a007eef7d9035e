import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerParent } from '../lib/answerParent.ts'
import type { GatewayQuestion, GatewayStats } from '../lib/StubGateway.ts'

/*
 * The least that speaks WuzAPI over HTTP: accepts every text at once, and remembers how many and when. It stands where
 * the product's sandbox would (SANDBOX_URL), because that keeps a ledger and would be measured, too.
 */

const ids = new Set<string>()
let sends = 0
let firstAt: number | null = null
let lastAt: number | null = null
let failEvery = 0

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => answer(request, Buffer.concat(chunks).toString(), response))
})
server.keepAliveTimeout = 120_000
server.listen(0, '127.0.0.1')

answerParent(async (question: GatewayQuestion) => {
  if (!server.listening) await new Promise((resolve) => server.once('listening', resolve))
  if (question.kind === 'reset') reset(question.failEvery)
  return stats()
})

function reset(every: number): void {
  ids.clear()
  sends = 0
  firstAt = null
  lastAt = null
  failEvery = every
}

function stats(): GatewayStats {
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, sends, distinct: ids.size, firstAt, lastAt }
}

function answer(request: IncomingMessage, body: string, response: ServerResponse): void {
  if (request.url === '/chat/send/text') return answerSend(body, response)
  if (request.url === '/sandbox/users') return reply(response, 200, { id: 'bench' })
  if (request.url === '/session/status') return reply(response, 200, { code: 200, data: STATUS, success: true })
  reply(response, 404, { code: 404, error: 'not found', success: false })
}

const STATUS = { connected: true, loggedIn: true, jid: '5511999990001:1@s.whatsapp.net' }

function answerSend(body: string, response: ServerResponse): void {
  const { Id } = JSON.parse(body) as { Id: string }
  lastAt = Date.now()
  firstAt ??= lastAt
  sends += 1
  if (failEvery > 0 && sends % failEvery === 0)
    return reply(response, 500, { code: 500, error: 'bench', success: false })
  ids.add(Id)
  reply(response, 200, {
    code: 200,
    data: { Details: 'Sent', Id, Timestamp: Math.floor(lastAt / 1000) },
    success: true,
  })
}

function reply(response: ServerResponse, status: number, value: unknown): void {
  const text = JSON.stringify(value)
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    .end(text)
}
