import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AppError } from '#server/lib/AppError.ts'

/** The largest body that is no upload, 1 MiB, needs 17 s over half a megabit a second. */
const BODY_DEADLINE_MS = 20_000

/**
 * Answers 408 to a body that takes longer than 20 s to arrive, and ends its connection: a few bytes now and then would
 * otherwise hold one for as long as an upload may take. Files come over slow lines, and have their own limit.
 */
export function endSlowBodies(app: FastifyInstance, deadlineMs = BODY_DEADLINE_MS): void {
  app.addHook('preParsing', (request, reply, payload, done) => {
    if (hasSmallBody(request)) {
      const end = () => {
        if (request.raw.complete || payload.listenerCount('error') === 0) return
        reply.header('connection', 'close')
        // Whoever reads the body stops; the socket stays, so that the answer can still leave.
        payload.emit('error', new AppError('REQUEST_TIMEOUT'))
      }
      const timer = setTimeout(end, deadlineMs)
      payload.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer))
    }
    done()
  })
}

/** Whatever its Content-Type, which is the caller's word: only routes that take files wait for one. */
function hasSmallBody({ method, routeOptions }: FastifyRequest): boolean {
  return method !== 'GET' && method !== 'HEAD' && routeOptions.config?.receives === undefined
}
