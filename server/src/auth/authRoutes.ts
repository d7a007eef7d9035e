import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { me, setupBody, setupState, signInBody, type Me } from '#contract/auth.ts'
import type { Db } from '#server/db/Database.ts'
import { requireUser, type RoutePlugin, type SignedInUser } from '#server/lib/http.ts'
import { clientNetwork } from './clientNetwork.ts'
import type { Auth } from './createAuth.ts'
import { deleteExpiredRateLimits, rateLimitKey, takeTurn } from './rateLimits.ts'
import { closeSession, openSession } from './sessions.ts'
import { createFirstAdmin } from './setup.ts'
import { hasUsers } from './userQueries.ts'

export type AuthRoutesDeps = {
  db: Db
  auth: Auth
  /** Sign-in attempts in any 60 s, per account and per address. */
  signInLimit: number
}

const WINDOW_SECONDS = 60
/** Of so many attempts one also sweeps the limits that ran out. */
const SWEEP_EVERY = 100

/** First administrator, sign-in, sign-out and who am I. */
export function authRoutes({ db, auth, signInLimit }: AuthRoutesDeps): RoutePlugin {
  return async (app) => {
    app.get(
      '/api/setup',
      {
        config: { access: 'public' },
        schema: { summary: 'Is the first administrator missing?', response: { 200: setupState } },
      },
      async () => ({ needed: !(await hasUsers(db)) }),
    )

    app.post(
      '/api/setup',
      {
        config: { access: 'public' },
        schema: { summary: 'Make the first administrator and sign in', body: setupBody, response: { 201: me } },
      },
      async (request, reply) => {
        await createFirstAdmin(db, request.body)
        const { email, password } = request.body
        reply.code(201)
        return answerSignedIn(reply, await openSession(auth, request, { email, password }))
      },
    )

    app.post(
      '/api/auth/sign-in',
      {
        config: { access: 'public' },
        schema: { summary: 'Sign in with e-mail and password', body: signInBody, response: { 200: me } },
      },
      async (request, reply) => {
        await takeSignInTurn(db, request, request.body.email, signInLimit)
        return answerSignedIn(reply, await openSession(auth, request, request.body))
      },
    )

    app.post(
      '/api/auth/sign-out',
      {
        config: { access: 'public' },
        schema: { summary: 'End the session', response: { 204: z.null() } },
      },
      async (request, reply) => {
        for (const cookie of await closeSession(auth, request)) reply.header('set-cookie', cookie)
        return reply.code(204).send(null)
      },
    )

    app.get(
      '/api/me',
      { config: { access: 'user' }, schema: { summary: 'Who am I?', response: { 200: me } } },
      async (request) => toMe(requireUser(request)),
    )
  }
}

// The address comes first: whoever is stopped there cannot use up the turns of someone else's account.
async function takeSignInTurn(db: Db, request: FastifyRequest, email: string, limit: number): Promise<void> {
  const address = rateLimitKey('sign-in-address', clientNetwork(request.ip))
  const account = rateLimitKey('sign-in-account', email.toLowerCase())
  await takeTurn(db, { key: address, limit, windowSeconds: WINDOW_SECONDS })
  await takeTurn(db, { key: account, limit, windowSeconds: WINDOW_SECONDS })
  if (Math.random() * SWEEP_EVERY < 1) await deleteExpiredRateLimits(db)
}

function answerSignedIn(reply: FastifyReply, { user, cookies }: { user: SignedInUser; cookies: string[] }): Me {
  for (const cookie of cookies) reply.header('set-cookie', cookie)
  return toMe(user)
}

function toMe({ id, name, email, role }: SignedInUser): Me {
  return { id, name, email, role }
}
