import { isAPIError } from 'better-auth/api'
import type { FastifyRequest } from 'fastify'
import type { Role, SignInBody } from '#contract/auth.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { SignedInUser } from '#server/lib/http.ts'
import type { Auth } from './createAuth.ts'

/** Cookies are complete `Set-Cookie` values, one header each. */
export type SignedIn = { user: SignedInUser; cookies: string[] }

/**
 * Checks the password and opens a new session; the one the browser held before is ended.
 * Unknown user, wrong password and banned user are the same INVALID_CREDENTIALS, after the same hashing.
 */
export async function openSession(auth: Auth, request: FastifyRequest, body: SignInBody): Promise<SignedIn> {
  const { email, password } = body
  const opened = await auth.api
    .signInEmail({ body: { email, password }, headers: sessionHeaders(request), returnHeaders: true })
    .catch(refuseCredentials)
  await closeSession(auth, request)
  return { user: toUser(opened.response.user), cookies: opened.headers.getSetCookie() }
}

/** Ends the session of the request in the database and returns the cookies that delete it; fine without one. */
export async function closeSession(auth: Auth, request: FastifyRequest): Promise<string[]> {
  const { headers } = await auth.api.signOut({ headers: sessionHeaders(request), returnHeaders: true })
  return headers.getSetCookie()
}

/** Who the session cookie belongs to, null when it is missing, forged, expired or ended. May renew the cookie. */
export async function findSession(auth: Auth, request: FastifyRequest): Promise<SignedIn | null> {
  const { response, headers } = await auth.api.getSession({ headers: sessionHeaders(request), returnHeaders: true })
  if (response === null || isBanned(response.user)) return null
  return { user: toUser(response.user), cookies: headers.getSetCookie() }
}

/** Only what a session needs: no header of the client may tell better-auth an address, a host or a protocol. */
function sessionHeaders(request: FastifyRequest): Headers {
  const headers = new Headers({ 'x-client-address': request.ip })
  if (request.headers.cookie !== undefined) headers.set('cookie', request.headers.cookie)
  const agent = request.headers['user-agent']?.slice(0, 200)
  if (agent !== undefined) headers.set('user-agent', agent)
  return headers
}

function refuseCredentials(error: unknown): never {
  if (isAPIError(error) && error.statusCode < 500) throw new AppError('INVALID_CREDENTIALS', { cause: error })
  throw error
}

/** Banning through better-auth ends the sessions; a ban written by other means must hold as well. */
function isBanned({ banned, banExpires }: { banned?: boolean | null; banExpires?: Date | null }): boolean {
  return banned === true && (banExpires == null || banExpires.getTime() > Date.now())
}

function toUser(user: { id: string; name: string; email: string; role?: string | null }): SignedInUser {
  const role: Role = user.role === 'admin' ? 'admin' : 'user'
  return { id: user.id, name: user.name, email: user.email, role, via: 'session' }
}
