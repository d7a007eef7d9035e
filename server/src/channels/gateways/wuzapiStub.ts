import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net'

export type SeenRequest = { method: string; path: string; headers: IncomingHttpHeaders; body: Record<string, unknown> }

export type Stub = { url: string; seen: SeenRequest[]; close(): Promise<void> }

/** A gateway for tests: whole requests are kept in `seen`, then `answer` does as it likes with the response. */
export async function startStub(answer: (request: SeenRequest, response: ServerResponse) => void): Promise<Stub> {
  const seen: SeenRequest[] = []
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('error', () => {})
    incoming.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
      const request = { method: incoming.method ?? '', path: incoming.url ?? '', headers: incoming.headers, body }
      seen.push(request)
      answer(request, response)
    })
  })
  return { seen, ...(await listen(server)) }
}

/** A gateway that speaks raw TCP: `speak` gets the socket when the first bytes of a request have come. */
export async function startRawStub(speak: (socket: Socket) => void): Promise<Stub> {
  const seen: SeenRequest[] = []
  const server = createTcpServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => {
      seen.push({ method: 'POST', path: '', headers: {}, body: {} })
      speak(socket)
    })
  })
  return { seen, ...(await listen(server)) }
}

async function listen(server: Server): Promise<{ url: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
  return { url: `http://127.0.0.1:${port}`, close }
}

export function respond(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}

/** The envelopes as WuzAPI writes them. */
export function respondData(response: ServerResponse, data: unknown): void {
  respond(response, 200, { code: 200, data, success: true })
}

export function respondError(response: ServerResponse, status: number, error: string): void {
  respond(response, status, { code: status, error, success: false })
}
