import { hash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { LedgerLine } from '#server/channels/sandboxProcess.ts'
import { accept } from './replies.ts'
import type { LedgerSource } from './LedgerSource.ts'

/** One send as it arrived. */
export type RawSend = {
  shape: 'wuzapi' | 'cloud'
  token: string
  /** The token on WuzAPI, the phone number id on the Cloud API. */
  channel: string
  /** Digits. */
  number: string
  messageId: string
  body: Buffer
  /** How many requests for this message were read before. */
  earlier: number
  response: ServerResponse
  socket: Socket
  /** Notes that the message reached its recipient. Call it before the answer leaves. */
  accept(): void
}

/** Answers a send with whatever bytes it likes; one that does nothing leaves the caller hanging. */
export type Reply = (send: RawSend) => void | Promise<void>

/** What became of one send; instants of `performance.now()`. `endedAt` null: still open. */
export type RawExchange = {
  channel: string
  token: string
  messageId: string
  readAt: number
  endedAt: number | null
  /** Whether a whole answer left; else the caller or the reply cut it off. */
  answered: boolean
  bytesWritten: number
}

export type ChannelState = { connected: boolean; loggedIn: boolean }

/**
 * A gateway that answers sends with arbitrary bytes: what a well-behaved sandbox should not do. Speaks the rest of
 * WuzAPI and of the Cloud API just well enough for a channel to be set up, and keeps a ledger of the sandbox's shape.
 */
export class RawGateway implements LedgerSource {
  /** What the next sends get. */
  reply: Reply = accept
  /** What the question about a channel's status is answered with; a number is an HTTP status without a body. */
  statusOf: (token: string) => ChannelState | number = () => ({ connected: true, loggedIn: true })
  /** So many new connections are reset before anything of them is read. */
  resetConnections = 0
  /** Every question that is no send is sent there. */
  redirectTo: string | null = null
  /** Where the webhooks of each token go, as it was told. */
  readonly webhooks = new Map<string, string>()
  /** Requests of any kind so far. */
  requests = 0
  readonly exchanges: RawExchange[] = []
  readonly #lines: LedgerLine[] = []
  readonly #seen = new Map<string, number>()
  readonly #accepted = new Map<string, string>()
  readonly #sockets = new Set<Socket>()
  readonly #scheme: 'http' | 'https'
  #server: Server
  #port = 0

  private constructor(tls: { key: string; cert: string } | null) {
    this.#scheme = tls === null ? 'http' : 'https'
    const listener = (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response)
    this.#server = tls === null ? createServer(listener) : createTlsServer(tls, listener)
    this.#server.on('connection', (socket) => this.#welcome(socket))
    this.#server.keepAliveTimeout = 60_000
  }

  static async open(tls: { key: string; cert: string } | null = null): Promise<RawGateway> {
    const gateway = new RawGateway(tls)
    await gateway.reopen()
    return gateway
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.#port}`
  }

  async ledger(): Promise<LedgerLine[]> {
    return [...this.#lines]
  }

  /** Sends read so far, of one channel or of all. */
  readCount(channel: string | null = null): number {
    return this.exchanges.filter((exchange) => channel === null || exchange.channel === channel).length
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#sockets.size
  }

  /** Refuses connections from now on, and cuts those that are open. */
  async shut(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await once(this.#server, 'close')
  }

  /** Listens again on the same port. */
  async reopen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  #welcome(socket: Socket): void {
    // What is written to a caller that has gone is nobody's loss.
    socket.on('error', () => undefined)
    if (this.resetConnections > 0) {
      this.resetConnections -= 1
      socket.resetAndDestroy()
      return
    }
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests += 1
    const body = await buffer(request).catch(() => null)
    if (body === null) return
    const path = new URL(request.url ?? '/', 'http://gateway').pathname
    const cloud = /^\/v\d+\.\d\/(\d+)\/messages$/.exec(path)
    if (request.method === 'POST' && (cloud !== null || path === '/chat/send/text'))
      return this.#receive(request, response, body, cloud?.[1] ?? null)
    if (this.redirectTo !== null) {
      response.writeHead(307, { location: this.redirectTo + path }).end()
      return
    }
    const token = tokenOf(request)
    if (request.method === 'POST' && path === '/webhook')
      this.webhooks.set(token, String((JSON.parse(body.toString()) as { webhookurl?: unknown }).webhookurl))
    answerJson(response, 200, this.#answerControl(request, path, token, response))
  }

  /** Setting up and asking: null when the answer has been given already. */
  #answerControl(request: IncomingMessage, path: string, token: string, response: ServerResponse): unknown {
    const state = this.statusOf(token)
    if (typeof state === 'number') {
      response.writeHead(state).end()
      return null
    }
    if (path === '/session/status') return { code: 200, data: state, success: true }
    if (request.method === 'PUT' && path === '/sandbox/users') return { id: 'raw' }
    if (path === '/session/hmac/config') return { Details: 'ok' }
    if (request.method === 'GET') {
      const status = state.connected && state.loggedIn ? 'CONNECTED' : 'DISCONNECTED'
      return { id: '1', display_phone_number: '+55 11 3000-0000', status, quality_rating: 'GREEN' }
    }
    return path.startsWith('/v') ? { success: true } : { code: 200, data: { Details: 'ok' }, success: true }
  }

  async #receive(request: IncomingMessage, response: ServerResponse, body: Buffer, number: string | null) {
    const send = this.#describe(request, response, body, number)
    this.#seen.set(send.messageId, send.earlier + 1)
    this.#note('read', send, '')
    const exchange = this.#watch(send)
    response.once('close', () => {
      exchange.endedAt = performance.now()
      exchange.answered = response.writableFinished
    })
    await this.reply(send)
  }

  #watch(send: RawSend): RawExchange {
    const { channel, token, messageId, socket } = send
    const before = socket.bytesWritten
    const exchange: RawExchange = {
      channel,
      token,
      messageId,
      readAt: performance.now(),
      endedAt: null,
      answered: false,
      get bytesWritten() {
        return socket.bytesWritten - before
      },
    }
    this.exchanges.push(exchange)
    return exchange
  }

  #describe(request: IncomingMessage, response: ServerResponse, body: Buffer, phoneNumberId: string | null): RawSend {
    const payload = JSON.parse(body.toString()) as Record<string, unknown>
    const token = tokenOf(request)
    const messageId = String(payload[phoneNumberId === null ? 'Id' : 'biz_opaque_callback_data'])
    const send: RawSend = {
      shape: phoneNumberId === null ? 'wuzapi' : 'cloud',
      token,
      channel: phoneNumberId ?? token,
      number: String(payload[phoneNumberId === null ? 'Phone' : 'to']).replace(/\D/g, ''),
      messageId,
      body,
      earlier: this.#seen.get(messageId) ?? 0,
      response,
      socket: request.socket,
      accept: () => this.#note('accepted', send, ''),
    }
    return send
  }

  #note(kind: 'read' | 'accepted', send: RawSend, verdict: string): void {
    const { channel, number, messageId } = send
    const bodySha256 = hash('sha256', send.body, 'hex')
    const first = kind === 'accepted' ? this.#accepted.get(messageId) : undefined
    if (kind === 'accepted' && first === undefined) this.#accepted.set(messageId, bodySha256)
    this.#lines.push({
      t: new Date().toISOString(),
      kind,
      user: channel,
      number,
      messageId,
      bodySha256,
      type: 'text',
      verdict,
      ...(first === undefined ? {} : { duplicate: true as const }),
      ...(first === undefined || first === bodySha256 ? {} : { bodyChanged: true as const }),
    })
  }
}

function tokenOf({ headers }: IncomingMessage): string {
  const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')
  return bearer?.[1] ?? String(headers['token'] ?? '')
}

function answerJson(response: ServerResponse, status: number, body: unknown): void {
  if (body === null) return
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
