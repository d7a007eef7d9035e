import {
  createServer,
  request,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * A reverse proxy as people put before the product: every header goes through as it came, and the caller's address is
 * added at the end of `X-Forwarded-For`. It calls the product from an address of its own, by which it can be trusted.
 */
export class ReverseProxy {
  readonly #server: Server
  /** Whom it passes requests on to; may change at any time. */
  target = ''

  private constructor(from: string) {
    this.#server = createServer((incoming, answer) => pass(incoming, answer, { from, to: this.target }))
  }

  static async open(from: string): Promise<ReverseProxy> {
    const proxy = new ReverseProxy(from)
    await new Promise<void>((resolve) => {
      proxy.#server.listen(0, '127.0.0.1', resolve)
    })
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

function pass(incoming: IncomingMessage, answer: ServerResponse, { from, to }: { from: string; to: string }): void {
  const caller = incoming.socket.remoteAddress ?? ''
  const headers: OutgoingHttpHeaders = { ...incoming.headersDistinct, host: incoming.headers.host }
  headers['x-forwarded-for'] = [...(incoming.headersDistinct['x-forwarded-for'] ?? []), caller].join(', ')
  const onward = request(new URL(incoming.url ?? '/', to), { method: incoming.method, headers, localAddress: from })
  onward.on('response', (reply) => {
    answer.writeHead(reply.statusCode ?? 502, reply.headers)
    reply.pipe(answer)
  })
  onward.on('error', () => answer.writeHead(502).end())
  incoming.pipe(onward)
}
