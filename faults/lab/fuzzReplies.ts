import type { Random } from './Random.ts'
import type { RawSend, Reply } from './RawGateway.ts'
import { successBody } from './replies.ts'

const STATUSES = [
  200, 200, 200, 200, 201, 202, 204, 299, 302, 400, 400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 500, 500, 501,
  502, 503, 504, 599,
]
const HEADERS: Record<string, string>[] = [
  {},
  { 'retry-after': '1' },
  { 'retry-after': 'soon' },
  { 'content-type': 'text/html' },
  { 'content-encoding': 'gzip' },
  { 'content-encoding': 'x-unknown' },
  { location: 'http://127.0.0.1:1/' },
  { 'set-cookie': 'a=b', 'x-business-use-case-usage': '{"1":[{"estimated_time_to_regain_access":"x"}]}' },
]
const ERRORS = [
  'no session',
  'error sending message: websocket not connected',
  'error sending message: timed out waiting for message send response',
  'error sending message: server returned error 403',
  'error sending message: server returned error 479',
  'error sending message: server returned error 503',
  'error sending message: server returned error 429',
  'error sending message: no LID found for 1 from server',
  'info query timed out',
  'something new',
]
const META_CODES = [
  0, 1, 2, 4, 10, 33, 100, 190, 368, 80007, 130429, 131000, 131026, 131047, 131048, 131056, 132001, 555_555,
]
const BODIES = [
  '',
  '{',
  '[]',
  '42',
  'null',
  '<html>no</html>',
  '{"success":false}',
  '\0\0',
  'é'.repeat(500),
  '{"error":"x"}',
  '{"error":{}}',
]

/** Errors that deny that the number exists; after an acceptance they would be a lie that nobody can see through. */
const DENIES = /no LID found|131026/

/**
 * One random answer: status, headers, body and timing drawn by the seed. Whether the message left is drawn too, where
 * the answer leaves that open. `isAccepted` says whether one of its requests was accepted before.
 */
export function randomReply(random: Random, isAccepted: boolean): Reply {
  const kind = int(random, 0, 99)
  if (kind < 3) return resets(random)
  if (kind < 6) return ({ socket }) => void socket.end('HTTP/1.1 2')
  if (kind < 9) return ({ socket }) => void socket.end(Buffer.from([22, 3, 1, 0, 5, 1, 2, 3]))
  if (kind < 11) return (send) => maybeAccept(random, send)
  const wantedMs = int(random, 0, 9) === 0 ? int(random, 1, 400) : 0
  const status = pick(random, STATUSES)
  // Without advice a rate limit is a minute in which nothing can be learnt.
  const headers = status === 429 && int(random, 0, 9) > 0 ? { 'retry-after': '1' } : pick(random, HEADERS)
  return (send) => {
    const text = bodyOf(random, send, status)
    const body = isAccepted && DENIES.test(text) ? '' : text
    if (status >= 200 && status < 300 && (body === successBody(send) || int(random, 0, 1) === 0)) send.accept()
    const write = () => {
      if (!send.response.destroyed) send.response.writeHead(status, headers).end(body)
    }
    if (wantedMs === 0) write()
    else setTimeout(write, wantedMs)
  }
}

function resets(random: Random): Reply {
  return (send) => {
    maybeAccept(random, send)
    send.socket.resetAndDestroy()
  }
}

function maybeAccept(random: Random, send: RawSend): void {
  if (int(random, 0, 1) === 0) send.accept()
}

function bodyOf(random: Random, send: RawSend, status: number): string {
  const kind = int(random, 0, 9)
  if (kind < 5 && status < 300) return successBody(send)
  if (kind < 8) {
    if (send.shape === 'wuzapi')
      return JSON.stringify({ code: status, error: pick(random, ERRORS), success: kind === 7 })
    return JSON.stringify({ error: { message: 'x', code: pick(random, META_CODES), is_transient: kind === 7 } })
  }
  return pick(random, BODIES)
}

/** A whole number from `min` to `max`, both included. */
function int(random: Random, min: number, max: number): number {
  return Math.floor(random.between(min, max + 1))
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[int(random, 0, from.length - 1)] as T
}
