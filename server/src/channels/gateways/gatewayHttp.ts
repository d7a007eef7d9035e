import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Socket } from 'node:net'
import { buildConnector, errors, Pool, type Dispatcher } from 'undici'
import { failpoints } from '#server/lib/failpoints.ts'

export type HttpRequest = {
  method: 'GET' | 'POST'
  path: string
  /** Flat list of names and values, made once: this runs thousands of times a second. */
  headers: string[]
  /** Pieces are written as they are, with the `content-length` that the headers name. */
  body: string | Uint8Array | Uint8Array[] | null
}

/** Names in lower case. */
export type AnswerHeaders = Record<string, string | string[] | undefined>

export type HttpLimits = { deadlineMs: number; maxAnswerBytes: number }

/**
 * What became of one request. `lost`: no whole answer came; `requestWritten` is false only when it is certain that
 * not one byte of the request left us.
 */
export type Exchange =
  | {
      kind: 'answer'
      status: number
      headers: AnswerHeaders
      retryAfter: string | null
      text: string
      truncated: boolean
    }
  | { kind: 'lost'; error: Error; requestWritten: boolean }

/** Why we ended a request ourselves. */
export class RequestEnded extends Error {
  readonly code: 'DEADLINE' | 'ABORTED'
  constructor(code: 'DEADLINE' | 'ABORTED') {
    super(code === 'DEADLINE' ? 'The deadline of the request passed.' : 'The request was aborted.')
    this.code = code
  }
}

/** Connecting takes one round trip, with TLS three; a host that needs longer than 10 s is out of reach. */
const CONNECT_TIMEOUT_MS = 10_000
/** Below the 10 s after which common proxies close a silent connection: the loser of that race is a maybe-sent message. */
const KEEP_ALIVE_MS = 8_000
/** Node's own default. More header bytes than this end the exchange. */
const MAX_HEADER_BYTES = 16_384
/** Of one answer on the wire, whatever it consists of: more is a flood. Far above what headers and body may have. */
const MAX_WIRE_BYTES = 256 * 1024

/**
 * Connections to one origin. HTTP/1.1 only, one request at a time each: then a request fails only together with the
 * connection that it was written to. Certificates are checked even under NODE_TLS_REJECT_UNAUTHORIZED=0.
 */
export function createPool(
  origin: string,
  options: { connections: number; deadlineMs: number; maxWireBytes?: number },
): Pool {
  const timeout = Math.min(CONNECT_TIMEOUT_MS, options.deadlineMs)
  const connect = buildConnector({ timeout, rejectUnauthorized: true, allowH2: false })
  return new Pool(origin, {
    connections: options.connections,
    pipelining: 1,
    allowH2: false,
    connect: (where, done) =>
      connect(where, (...result) => {
        if (result[0] === null) limitAnswers(result[1], options.maxWireBytes ?? MAX_WIRE_BYTES)
        done(...result)
      }),
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    // The exchange has one deadline over everything. undici's two would not fire on an answer that drips.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
}

/**
 * Cuts the connection when one answer has brought more than `mostBytes`: interim answers, extensions of chunks and
 * trailers never come to our handler, and their garbage would be as large as what a gateway cares to send.
 */
function limitAnswers(socket: Socket, mostBytes: number): void {
  let written = 0
  let seen = 0
  let before = 0
  // In front of undici's own listener, which reads everything there is.
  socket.prependListener('readable', () => {
    // One request at a time: whatever comes after something was written belongs to the next answer.
    if (socket.bytesWritten !== written) before = seen
    written = socket.bytesWritten
    seen = socket.bytesRead
    if (seen - before > mostBytes) socket.destroy(new errors.ResponseExceededMaxSizeError())
  })
}

/**
 * One request and its whole answer within `limits.deadlineMs`, counted from this call. Never rejects, follows no
 * redirect, decodes no compression, and reads at most `maxAnswerBytes` of the body: the rest is cut (`truncated`).
 * `mayLeave` is asked right before the request is written; when it may not, it ends as ABORTED with nothing written.
 */
export function exchange(
  pool: Pool,
  request: HttpRequest,
  limits: HttpLimits,
  signal?: AbortSignal,
  mayLeave?: () => boolean,
): Promise<Exchange> {
  return new Promise((resolve) => {
    const handler = new ExchangeHandler(limits, resolve)
    handler.mayLeave = mayLeave ?? null
    if (failpoints !== null) handler.failpointSubject = request.path
    if (signal !== undefined) endWith(signal, handler)
    pool.dispatch(inOnePiece(request), handler)
  })
}

type Whole = Omit<HttpRequest, 'body'> & { body: string | Uint8Array | Readable | null }

function inOnePiece({ body, ...request }: HttpRequest): Whole {
  return { ...request, body: Array.isArray(body) ? Readable.from(body) : body }
}

/**
 * undici's own handler instead of `pool.request`: it tells when a request is written, it can end one in any phase,
 * and it needs no stream, no AbortSignal and no promise per chunk.
 */
class ExchangeHandler implements Dispatcher.DispatchHandler {
  #limits: HttpLimits
  #resolve: (result: Exchange) => void
  #timer: NodeJS.Timeout
  #settled = false
  #controller: Dispatcher.DispatchController | null = null
  #status = 0
  #headers: AnswerHeaders = {}
  #chunks: Buffer[] = []
  #bytes = 0
  onSettled: (() => void) | null = null
  mayLeave: (() => boolean) | null = null
  failpointSubject: string | null = null

  constructor(limits: HttpLimits, resolve: (result: Exchange) => void) {
    this.#limits = limits
    this.#resolve = resolve
    this.#timer = setTimeout(endAtDeadline, limits.deadlineMs, this)
  }

  /** Called right before the request goes to the socket. A request that ended while it waited is not written. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.mayLeave?.() === false) this.end('ABORTED')
    if (this.#settled) controller.abort(new RequestEnded('ABORTED'))
    else this.#controller = controller
    if (this.failpointSubject !== null) this.#meetFailpoint(controller, this.failpointSubject)
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: AnswerHeaders): void {
    if (status < 200) return
    this.#status = status
    this.#headers = headers
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const room = this.#limits.maxAnswerBytes - this.#bytes
    this.#bytes += chunk.length
    if (chunk.length <= room) {
      this.#chunks.push(chunk)
      return
    }
    this.#chunks.push(chunk.subarray(0, room))
    this.#answer(true)
    controller.abort(new RequestEnded('ABORTED'))
  }

  onResponseEnd(): void {
    this.#answer(false)
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    this.#settle({ kind: 'lost', error, requestWritten: this.#controller !== null })
  }

  end(code: 'DEADLINE' | 'ABORTED'): void {
    const error = new RequestEnded(code)
    this.#settle({ kind: 'lost', error, requestWritten: this.#controller !== null })
    this.#controller?.abort(error)
  }

  /** Small requests are with the kernel one turn after this. What the failpoint throws is a broken connection. */
  #meetFailpoint(controller: Dispatcher.DispatchController, path: string): void {
    const resolve = this.#resolve
    const passed = nextTurn()
      .then(() => failpoints?.pass('after_request_written', path))
      .catch((error: Error) => controller.abort(error))
    this.#resolve = (result) => void passed.then(() => resolve(result))
  }

  #answer(truncated: boolean): void {
    const [first] = this.#chunks
    const body = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks)
    const retryAfter = this.#headers['retry-after']
    const encoding = this.#headers['content-encoding']
    this.#settle({
      kind: 'answer',
      status: this.#status,
      headers: this.#headers,
      retryAfter: typeof retryAfter === 'string' ? retryAfter : null,
      // We asked for plain bytes. Unpacking what comes packed all the same would open the door to 10 MB that become 10 GB.
      text: encoding === undefined || encoding === 'identity' ? body.toString() : '',
      truncated,
    })
  }

  #settle(result: Exchange): void {
    if (this.#settled) return
    this.#settled = true
    clearTimeout(this.#timer)
    this.onSettled?.()
    this.#resolve(result)
  }
}

function endAtDeadline(handler: ExchangeHandler): void {
  handler.end('DEADLINE')
}

/** The requests under way for each signal: adding and removing a listener per request walks the list of all others. */
const openBySignal = new WeakMap<AbortSignal, Set<ExchangeHandler>>()

function endWith(signal: AbortSignal, handler: ExchangeHandler): void {
  if (signal.aborted) {
    handler.end('ABORTED')
    return
  }
  const open = openBySignal.get(signal) ?? listen(signal)
  open.add(handler)
  handler.onSettled = () => open.delete(handler)
}

function listen(signal: AbortSignal): Set<ExchangeHandler> {
  const open = new Set<ExchangeHandler>()
  openBySignal.set(signal, open)
  signal.addEventListener('abort', () => {
    for (const handler of open) handler.end('ABORTED')
  })
  return open
}
