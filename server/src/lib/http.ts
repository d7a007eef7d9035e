import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Role } from '#contract/auth.ts'
import { AppError } from './AppError.ts'

/**
 * What a domain exports for its routes: `function channelRoutes(deps: ChannelRoutesDeps): RoutePlugin`, listed by name
 * in `http/apiRoutes.ts`. Each plugin is a scope of its own, so a content type parser or `@fastify/multipart`
 * registered inside stays inside. Every route has zod schemas (`strictObject` for bodies and query strings) and
 * `config: { access }`; a route that does not say who may call it stops the start.
 *
 * Answers must already be what the response schema says: instants as ISO text, no `Date`.
 * Errors are thrown as `AppError`; `details: { retryAfterSeconds }` also becomes the `Retry-After` header.
 */
export type RoutePlugin = FastifyPluginAsyncZod

/** `user`: anyone signed in, admins too. `webhook`: no sign-in and no check of Origin, the route proves its caller itself. */
export type Access = 'public' | 'user' | 'admin' | 'webhook'

export type SignedInUser = {
  id: string
  name: string
  email: string
  role: Role
  /** How the request proved who it is. */
  via: 'session' | 'apiKey'
  /** Which session it came in; null for API keys. */
  sessionId: string | null
}

/** What one user may do only so often in a minute, beside the limits of campaigns. */
export type CostlyWork = 'import' | 'media' | 'export'

declare module 'fastify' {
  interface FastifyContextConfig {
    access: Access
    /**
     * Honours `Idempotency-Key`: the handler hands `rememberOf(request)` to what creates. Answers 201, or 202 where what
     * was created is worked on in the background.
     */
    creates?: true | 202
    /** Counts against the user's limit for this. */
    limited?: CostlyWork
    /** Content type of an answer that is not JSON. */
    produces?: string
    /** Reads a multipart form with one file: a table of contacts, or what a message carries. */
    receives?: 'file' | 'medium'
  }
  interface FastifyRequest {
    /** Asks again what let the request in; for answers that go on for long. */
    isStillSignedIn: () => Promise<boolean>
    /** When it was last asked who sends this; of `performance.now()`. */
    letInAt: number
    /** Null on `public` and `webhook` routes. */
    user: SignedInUser | null
  }
}

/** Who changes something, and whose it is. */
export type Actor = {
  /** Whose rows are touched. Another than `userId` only where an admin names somebody's channel by its token. */
  ownerId: string
  userId: string
  /** Where the request came from; null where there is none. */
  address: string | null
}

/** The caller of a `user` or `admin` route, at work on rows of its own. */
export function actorOf(request: FastifyRequest): Actor {
  const { id } = requireUser(request)
  return { ownerId: id, userId: id, address: request.ip }
}

/** For audit entries: `{ ...doneBy(actor), action: … }`. */
export function doneBy({ userId, address }: Actor): Pick<Actor, 'userId' | 'address'> {
  return { userId, address }
}

/** The caller of a `user` or `admin` route. Throws UNAUTHENTICATED where nobody signed in. */
export function requireUser(request: FastifyRequest): SignedInUser {
  if (request.user === null) throw new AppError('UNAUTHENTICATED')
  return request.user
}

/** The caller of a route that no API key may use. Throws FORBIDDEN for one. */
export function requireSession(request: FastifyRequest): SignedInUser {
  const user = requireUser(request)
  if (user.via !== 'session') throw new AppError('FORBIDDEN')
  return user
}
