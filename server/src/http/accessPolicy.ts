import { isIP } from 'node:net'
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import { authenticate, hasBearer, isStillSignedIn } from '#server/auth/authenticate.ts'
import type { Sessions } from '#server/auth/sessions.ts'
import type { Db } from '#server/db/Database.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { Access } from '#server/lib/http.ts'

const ACCESS: readonly Access[] = ['public', 'user', 'admin', 'webhook']
/** A body that arrived within this time needs no second look: a revocation counts within a second. */
const FRESH_MS = 500
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

export type AccessDeps = { db: Db; sessions: Sessions; publicUrl: string | null; host: string }

/**
 * Every route must say who may call it, and every request is held against that before its body is read, and once more
 * after it when that took its time.
 * Registered before any route: a hook does not see the routes that came earlier.
 */
export function enforceAccess(app: FastifyInstance, deps: AccessDeps): void {
  app.decorateRequest('user', null)
  app.decorateRequest('letInAt', 0)
  app.decorateRequest('isStillSignedIn', function (this: FastifyRequest) {
    return isStillSignedIn(deps, this)
  })
  app.addHook('onRoute', refuseUndeclared)
  app.addHook('onRequest', async (request) => {
    if (request.is404) return
    const access = request.routeOptions.config.access
    if (access === 'webhook') return
    refuseForeignOrigin(request, deps)
    refuseKeyInQuery(request)
    if (access !== 'public') await letIn(deps, request, access)
  })
  app.addHook('preValidation', async (request) => {
    const { access } = request.routeOptions.config
    if (request.user === null || access === 'public' || access === 'webhook') return
    if (performance.now() - request.letInAt > FRESH_MS) await letIn(deps, request, access)
  })
}

/** Keys, sessions and roles may be gone by the time that a slow body has arrived. */
async function letIn(deps: AccessDeps, request: FastifyRequest, access: 'user' | 'admin'): Promise<void> {
  request.letInAt = performance.now()
  request.user = await authenticate(deps, request)
  if (access === 'admin' && request.user.role !== 'admin') throw new AppError('FORBIDDEN')
}

/** The HEAD route that Fastify adds to each GET has the same options, so it is covered. */
function refuseUndeclared({ method, url, config }: RouteOptions): void {
  if (config !== undefined && ACCESS.includes(config.access)) return
  throw new Error(`${String(method)} ${url} does not say who may call it: add config: { access }.`)
}

/**
 * A browser adds the cookie to requests that another site started; such a request names its origin, or at least says
 * that it is cross-site. What has neither is no browser; with a cookie only JSON is believed to be so, because any site may
 * send forms and plain text without asking first. An API key no browser adds by itself.
 */
function refuseForeignOrigin(request: FastifyRequest, { publicUrl, host }: AccessDeps): void {
  if (SAFE_METHODS.has(request.method) || hasBearer(request)) return
  const { origin, 'sec-fetch-site': site } = request.headers
  if (origin === undefined) {
    if (isOwnSite(site, request)) return
    throw new AppError('FOREIGN_ORIGIN')
  }
  if (origin === publicUrl) return
  const named = webAddress(origin)
  if (named === null || named.host !== request.host) throw new AppError('FOREIGN_ORIGIN')
  if (isOwnHost(named, publicUrl, host)) return
  throw new AppError('FOREIGN_ORIGIN', { message: UNKNOWN_NAME })
}

const UNKNOWN_NAME = 'This server does not know the name it was called by; set PUBLIC_URL to the address people open.'

function webAddress(origin: string): URL | null {
  return /^https?:\/\//.test(origin) && URL.canParse(origin) ? new URL(origin) : null
}

/**
 * A name that Origin and Host agree on may be anybody's, pointed here for the moment (DNS rebinding); an address is
 * nobody else's. Where the public address is https, its plain namesake is whoever stands in between.
 */
function isOwnHost({ host, hostname }: URL, publicUrl: string | null, listensOn: string): boolean {
  if (publicUrl !== null && host === new URL(publicUrl).host) return false
  if (publicUrl === null && hostname === listensOn) return true
  return hostname === 'localhost' || isIP(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0
}

function isOwnSite(site: string | string[] | undefined, { headers }: FastifyRequest): boolean {
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  const type = headers['content-type']
  return type === undefined || headers.cookie === undefined || /^application\/json(?:;|$)/i.test(type)
}

/** A key in a URL ends up in histories and in the logs of every proxy: it is refused, so that nobody gets used to it. */
function refuseKeyInQuery(request: FastifyRequest): void {
  if (/[?&][^=&]*=rvd_/.test(request.raw.url ?? '')) throw new AppError('UNAUTHENTICATED')
}
