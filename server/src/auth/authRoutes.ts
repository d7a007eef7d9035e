import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import { me, setupBody, setupState, signInBody, type Me } from '#contract/auth.ts'
import { transaction } from '#server/db/transaction.ts'
import { requireUser, type RoutePlugin, type SignedInUser } from '#server/lib/http.ts'
import { createFirstAdmin } from './setup.ts'
import { openFirst, signIn, type SignedIn, type SignInDeps } from './signIn.ts'
import { hasUsers } from './userQueries.ts'

/** First administrator, sign-in, sign-out and who am I. */
export function authRoutes(deps: SignInDeps): RoutePlugin {
  const { db, audit, sessions } = deps
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
        const id = await createFirstAdmin(db, audit, request.body, request.ip)
        const { name, email } = request.body
        reply.code(201)
        const user = { id, name, email: email.toLowerCase(), role: 'admin' } as const
        return answerSignedIn(reply, await openFirst(deps, request, user))
      },
    )

    app.post(
      '/api/auth/sign-in',
      {
        config: { access: 'public' },
        schema: {
          summary: 'Sign in with e-mail and password, and with the code of the second factor where it is on',
          body: signInBody,
          response: { 200: me },
        },
      },
      async (request, reply) => answerSignedIn(reply, await signIn(deps, request, request.body)),
    )

    app.post(
      '/api/auth/sign-out',
      {
        config: { access: 'public' },
        schema: { summary: 'End the session', response: { 204: z.null() } },
      },
      async (request, reply) => {
        await transaction(db, async (trx) => {
          const userId = await sessions.end(trx, request)
          if (userId !== null) await audit.logEvent(trx, { userId, address: request.ip, action: 'sign-out' })
        })
        return reply.code(204).header('set-cookie', sessions.cookie.clear()).send(null)
      },
    )

    app.get(
      '/api/me',
      { config: { access: 'user' }, schema: { summary: 'Who am I?', response: { 200: me } } },
      async (request) => toMe(requireUser(request)),
    )
  }
}

function answerSignedIn(reply: FastifyReply, { user, cookies }: SignedIn): Me {
  for (const cookie of cookies) reply.header('set-cookie', cookie)
  return toMe(user)
}

function toMe({ id, name, email, role }: SignedInUser): Me {
  return { id, name, email, role }
}
