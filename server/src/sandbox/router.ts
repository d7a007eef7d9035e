import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Log } from '#server/lib/logger.ts'
import { answerError, answerNotFound, readBody, WrongType } from './goAnswers.ts'
import type { SandboxUser, UserRegistry } from './users.ts'

/** One request with its whole body. `params` are the parts of the path that the pattern leaves open. */
export type Exchange = {
  request: IncomingMessage
  response: ServerResponse
  body: Buffer
  query: string
  params: string[]
}
export type Handler = (exchange: Exchange) => void | Promise<void>
export type UserHandler = (exchange: Exchange, user: SandboxUser) => void | Promise<void>

/** By `METHOD /path`; a part `*` stands for any text without a slash. */
export type Routes = {
  /** Answered to anybody. */
  open?: Record<string, Handler>
  /** Needs the header `Authorization` with the admin token as it stands. */
  admin?: Record<string, Handler>
  /** Needs the header `token`, or `?token=`, of a registered number. */
  user?: Record<string, UserHandler>
}

type Found = { access: 'open' | 'admin'; handle: Handler } | { access: 'user'; handle: UserHandler }

/** Takes requests to their routes: unknown paths get a text, then the token is looked at, then the body is read. */
export function createRouter(
  routes: Routes[],
  { users, adminToken, log }: { users: UserRegistry; adminToken: string; log: Log },
): RequestListener {
  const exact = new Map<string, Found>(routes.flatMap(listRoutes))
  const patterns = [...exact]
    .filter(([key]) => key.includes('*'))
    .map(([key, found]) => ({ key: toRegExp(key), found }))

  function findRoute(key: string): { found: Found; params: string[] } | null {
    const found = exact.get(key)
    if (found !== undefined) return { found, params: [] }
    for (const pattern of patterns) {
      const match = pattern.key.exec(key)
      if (match !== null) return { found: pattern.found, params: match.slice(1) }
    }
    return null
  }

  /** The call to make once the body is there, null when the caller may not make it. */
  function authorize(found: Found, request: IncomingMessage, query: string): Handler | null {
    if (found.access === 'open') return found.handle
    if (found.access === 'admin') return isSameText(request.headers.authorization, adminToken) ? found.handle : null
    const user = users.findByToken(readToken(request, query))
    return user === null ? null : (exchange) => found.handle(exchange, user)
  }

  return (request, response) => {
    const [path, query] = splitOnce(request.url ?? '', '?')
    const route = findRoute(`${request.method ?? ''} ${path}`)
    const handle = route === null ? answerNotFoundTo : authorize(route.found, request, query)
    if (handle === null) {
      // Read to its end all the same, or the connection could not be used again.
      request.resume()
      return answerError(response, 401, 'unauthorized')
    }
    const params = route?.params ?? []
    readBody(request, (body) => run(handle, { request, response, body, query, params }, log))
  }
}

/** Runs the handler; what it throws becomes the 400 of Go's decoder or a logged 500. */
function run(handle: Handler, exchange: Exchange, log: Log): void {
  try {
    const ended = handle(exchange)
    if (ended !== undefined) ended.catch((error: unknown) => fail(error, exchange, log))
  } catch (error) {
    fail(error, exchange, log)
  }
}

function fail(error: unknown, { response }: Exchange, log: Log): void {
  if (error instanceof WrongType) return answerError(response, 400, 'could not decode Payload')
  log.error({ err: error }, 'request failed')
  if (response.headersSent) response.destroy()
  else answerError(response, 500, 'the sandbox failed; see its log')
}

function answerNotFoundTo({ response }: Exchange): void {
  answerNotFound(response)
}

function listRoutes({ open, admin, user }: Routes): [string, Found][] {
  return [
    ...Object.entries(open ?? {}).map(([key, handle]): [string, Found] => [key, { access: 'open', handle }]),
    ...Object.entries(admin ?? {}).map(([key, handle]): [string, Found] => [key, { access: 'admin', handle }]),
    ...Object.entries(user ?? {}).map(([key, handle]): [string, Found] => [key, { access: 'user', handle }]),
  ]
}

function toRegExp(key: string): RegExp {
  return new RegExp(`^${key.replaceAll('*', '([^/]+)')}$`)
}

function readToken(request: IncomingMessage, query: string): string {
  const header = request.headers['token']
  if (typeof header === 'string' && header !== '') return header
  return query === '' ? '' : (new URLSearchParams(query).get('token') ?? '')
}

function isSameText(given: string | undefined, expected: string): boolean {
  const a = Buffer.from(given ?? '')
  const b = Buffer.from(expected)
  return a.length === b.length && timingSafeEqual(a, b)
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}
