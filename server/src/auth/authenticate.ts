import type { FastifyRequest } from 'fastify'
import type { Db } from '#server/db/Database.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { SignedInUser } from '#server/lib/http.ts'
import { findApiKeyUser } from './apiKeys.ts'
import type { Sessions } from './sessions.ts'

const BEARER = /^bearer +(\S+) *$/i

/** Whether the request brings an API key, which no browser adds by itself. */
export function hasBearer(request: FastifyRequest): boolean {
  return BEARER.test(request.headers.authorization ?? '')
}

/**
 * Who sends the request: by API key when there is one, else by session cookie. A key that is not accepted does not
 * fall back to the cookie. Throws UNAUTHENTICATED when neither holds.
 */
export async function authenticate(
  { db, sessions }: { db: Db; sessions: Sessions },
  request: FastifyRequest,
): Promise<SignedInUser> {
  const key = bearerOf(request)
  const user = key === undefined ? await sessions.find(request) : await findApiKeyUser(db, key)
  if (user === null) throw new AppError('UNAUTHENTICATED')
  return user
}

/** Whether a request that was let in would be let in still: for answers that go on for long. */
export async function isStillSignedIn(
  { db, sessions }: { db: Db; sessions: Sessions },
  request: FastifyRequest,
): Promise<boolean> {
  const key = bearerOf(request)
  return key === undefined ? sessions.holds(request) : (await findApiKeyUser(db, key)) !== null
}

function bearerOf(request: FastifyRequest): string | undefined {
  return BEARER.exec(request.headers.authorization ?? '')?.[1]
}
