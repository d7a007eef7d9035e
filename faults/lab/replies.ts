import { setTimeout as sleep } from 'node:timers/promises'
import type { RawSend, Reply } from './RawGateway.ts'

/** The success that each gateway documents. */
export function successBody({ shape, messageId, number }: RawSend): string {
  if (shape === 'wuzapi')
    return JSON.stringify({ code: 200, data: { Details: 'Sent', Id: messageId, Timestamp: 1769040000 }, success: true })
  return JSON.stringify({
    messaging_product: 'whatsapp',
    contacts: [{ input: `+${number}`, wa_id: number }],
    messages: [{ id: `wamid.${messageId}` }],
  })
}

/** The message reaches its recipient and the answer says so. */
export const accept: Reply = (send) => {
  send.accept()
  write(send, 200, successBody(send))
}

/** Reads, and never answers. */
export const hang: Reply = () => undefined

/** Any status, headers and body; the message does not leave. */
export function answer(status: number, body: string | Buffer, headers: Record<string, string> = {}): Reply {
  return (send) => write(send, status, body, headers)
}

/** An error in the words of the Graph API. */
export function metaError(code: number, status: number, text = 'Something else entirely'): Reply {
  const error = { message: `(#${code}) ${text}`, type: 'OAuthException', code, fbtrace_id: 'AxYz' }
  return answer(status, JSON.stringify({ error }))
}

/** An error in the words of WuzAPI. */
export function wuzapiError(error: string, status = 500): Reply {
  return answer(status, JSON.stringify({ code: status, error, success: false }))
}

/** The same, some time later. */
export function late(ms: number, reply: Reply): Reply {
  return async (send) => {
    await sleep(ms)
    await reply(send)
  }
}

export const resetAfterRead: Reply = ({ socket }) => {
  socket.resetAndDestroy()
}

/** A FIN instead of an answer. */
export const closeAfterRead: Reply = ({ socket }) => {
  socket.end()
}

/** The message leaves, and its answer is lost. */
export const resetAfterAccept: Reply = (send) => {
  send.accept()
  send.socket.resetAndDestroy()
}

/** A success, and 20 ms later the connection is closed without notice: the next request may already be on it. */
export const acceptAndClose: Reply = async (send) => {
  await accept(send)
  await sleep(20)
  send.socket.end()
}

/** Headers that never end, a byte at a time. */
export function dripHeaders(everyMs: number): Reply {
  return (send) => drip(send.socket, 'HTTP/1.1 200 OK\r\nX-Slow: ', () => 'a', everyMs)
}

/** A success whose body never ends, a byte at a time. */
export function dripBody(everyMs: number): Reply {
  return (send) => {
    send.accept()
    const body = successBody(send)
    const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n'
    drip(send.socket, head, (index) => body[index] ?? ' ', everyMs)
  }
}

/** Writes what `next` makes for as long as the caller reads. */
export function pour(head: string, next: () => Buffer): Reply {
  return ({ socket }) => {
    socket.write(head)
    const more = () => {
      while (!socket.destroyed && socket.write(next()));
    }
    socket.on('drain', more)
    more()
  }
}

function drip(socket: RawSend['socket'], head: string, next: (index: number) => string, everyMs: number): void {
  socket.write(head)
  let index = 0
  const timer = setInterval(() => socket.write(next(index++)), everyMs)
  socket.once('close', () => clearInterval(timer))
}

function write({ response }: RawSend, status: number, body: string | Buffer, headers: Record<string, string> = {}) {
  if (response.destroyed) return
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
}
