import type { Socket } from 'node:net'
import { STATUS_CODES } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ERRORS, type ErrorBody, type ErrorCode } from '#contract/errors.ts'
import type { AppError } from '#server/lib/AppError.ts'
import { HSTS_SECONDS, isTls } from './securityHeaders.ts'
import { toAppError } from './toAppError.ts'

/** Answers any error in the one shape of the contract; what is our fault is logged in full and told in one sentence. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = toAppError(error)
  const { status } = ERRORS[known.code]
  if (status >= 500) {
    // Told to come again, on purpose: whoever refuses so many says it once, and not once for each.
    const level = known.code === 'UNAVAILABLE' && known.cause === undefined ? 'debug' : 'error'
    request.log[level]({ err: error, route: request.routeOptions?.url }, 'request failed')
  }
  if (status === 413 && isSoonRead(request)) reply.removeHeader('connection')
  const wait = retryAfterSeconds(known)
  if (wait !== null) reply.header('retry-after', String(wait))
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  return reply
    .code(status)
    .header('content-type', 'application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(toErrorBody(known))
}

/** What is thrown away unread in a second or two. */
const MAX_REST = 16 * 1024 * 1024

/**
 * Whether the rest of a body that is too large may still come. A connection that we close at once is reset under what its
 * other end is writing, and our answer is lost with it.
 */
function isSoonRead({ headers }: FastifyRequest): boolean {
  return Number(headers['content-length'] ?? Infinity) <= MAX_REST
}

/** The message of an INTERNAL error is always the fixed one, whatever was thrown. */
export function toErrorBody({ code, message, details }: AppError): ErrorBody {
  const text = code === 'INTERNAL' ? ERRORS.INTERNAL.message : message
  return { error: details === undefined ? { code, message: text } : { code, message: text, details } }
}

function retryAfterSeconds({ details }: AppError): number | null {
  if (typeof details !== 'object' || details === null || !('retryAfterSeconds' in details)) return null
  const wait = details.retryAfterSeconds
  return typeof wait === 'number' && Number.isFinite(wait) ? Math.max(1, Math.ceil(wait)) : null
}

/** For answers that leave before our hooks run: what helmet would say of an answer that nothing may be loaded by. */
const BARE_HEADERS: Record<string, string> = {
  'content-type': 'application/json; charset=utf-8',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}

/** How answers leave for which Fastify runs no hooks. */
export function bareAnswers(publicUrl: string | null) {
  const bare = { ...BARE_HEADERS, ...hstsOf(publicUrl) }
  return {
    /** An address that the router cannot read. */
    frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
      void sendError(error, request, reply.headers(bare))
    },
    /** What was no readable HTTP: there is no request yet, only a socket. */
    clientErrorHandler: (error: NodeJS.ErrnoException, socket: Socket) => answerBrokenRequest(error, socket, bare),
  }
}

function hstsOf(publicUrl: string | null): Record<string, string> {
  return isTls(publicUrl) ? { 'strict-transport-security': `max-age=${HSTS_SECONDS}` } : {}
}

function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket, bare: Record<string, string>): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  const code = brokenRequestCode(error.code)
  const { status, message } = ERRORS[code]
  const body = JSON.stringify({ error: { code, message } } satisfies ErrorBody)
  const headers = { ...bare, 'content-length': Buffer.byteLength(body), connection: 'close' }
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ]
  if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  socket.destroySoon()
}

function brokenRequestCode(code: string | undefined): ErrorCode {
  if (code === 'HPE_HEADER_OVERFLOW') return 'HEADERS_TOO_LARGE'
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'REQUEST_TIMEOUT' : 'MALFORMED_REQUEST'
}
