import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import {
  backupCodes,
  changeEmailBody,
  changePasswordBody,
  confirmSecondFactorBody,
  me,
  proofBody,
  secondFactorOffer,
  secondFactorState,
  session,
  type Proof,
} from '#contract/auth.ts'
import { id, idParams, pageOf, pageQuery } from '#contract/common.ts'
import { requireSession, type RoutePlugin } from '#server/lib/http.ts'
import {
  beginSecondFactor,
  changeEmail,
  changePassword,
  endOtherSessions,
  endOwnSession,
  turnSecondFactorOff,
  turnSecondFactorOn,
  type Caller,
  type ProvenCaller,
} from './accountChanges.ts'
import { secondFactorStateOf } from './secondFactor.ts'
import { proveAgain, type SignInDeps } from './signIn.ts'

const SESSIONS = '/api/user/sessions'
const SECOND_FACTOR = '/api/user/second-factor'
const config = { access: 'user' } as const
const nothing = { 204: z.null() }

/** What people do with their own account. Only signed in, never by API key: a key that leaked must not take it over. */
export function accountRoutes(deps: SignInDeps): RoutePlugin {
  const { db, sessions } = deps
  return async (app) => {
    app.get(
      SESSIONS,
      {
        config,
        schema: {
          summary: 'Where am I signed in?',
          querystring: pageQuery.extend({ cursor: id.optional() }),
          response: { 200: pageOf(session) },
        },
      },
      async (request) => sessions.list(requireSession(request), request.query),
    )

    app.delete(
      SESSIONS,
      { config, schema: { summary: 'End all other sessions', response: nothing } },
      async (request, reply) => {
        await endOtherSessions(deps, callerOf(request))
        return reply.code(204).send(null)
      },
    )

    app.delete(
      `${SESSIONS}/:id`,
      { config, schema: { summary: 'End a session', params: idParams, response: nothing } },
      async (request, reply) => {
        await endOwnSession(deps, callerOf(request), request.params.id)
        return reply.code(204).send(null)
      },
    )

    app.post(
      '/api/user/password',
      {
        config,
        schema: {
          summary: 'Change the password; ends all other sessions',
          body: changePasswordBody,
          response: nothing,
        },
      },
      async (request, reply) => {
        const { newPassword, ...proof } = request.body
        const caller = await provenCallerOf(deps, request, proof)
        const cookie = await changePassword(deps, caller, newPassword)
        return reply.code(204).header('set-cookie', cookie).send(null)
      },
    )

    app.post(
      '/api/user/email',
      {
        config,
        schema: { summary: 'Change the e-mail; ends all other sessions', body: changeEmailBody, response: { 200: me } },
      },
      async (request) => {
        const { email, ...proof } = request.body
        const caller = await provenCallerOf(deps, request, proof)
        await changeEmail(deps, caller, email)
        const { user } = caller
        return { id: user.id, name: user.name, email: email.toLowerCase(), role: user.role }
      },
    )

    app.get(
      SECOND_FACTOR,
      { config, schema: { summary: 'Is my second factor on?', response: { 200: secondFactorState } } },
      async (request) => secondFactorStateOf(db, requireSession(request).id),
    )

    app.post(
      SECOND_FACTOR,
      {
        config,
        schema: {
          summary: 'Offer a secret for an authenticator app; only this answer shows it',
          body: proofBody,
          response: { 201: secondFactorOffer },
        },
      },
      async (request, reply) => {
        const caller = await provenCallerOf(deps, request, request.body)
        reply.code(201)
        return beginSecondFactor(deps, caller)
      },
    )

    app.post(
      `${SECOND_FACTOR}/confirm`,
      {
        config,
        schema: {
          summary: 'Turn the second factor on with a code of the app; only this answer shows the backup codes',
          body: confirmSecondFactorBody,
          response: { 200: backupCodes },
        },
      },
      async (request) => ({
        backupCodes: await turnSecondFactorOn(deps, callerOf(request), request.body.code),
      }),
    )

    app.post(
      `${SECOND_FACTOR}/off`,
      { config, schema: { summary: 'Turn the second factor off', body: proofBody, response: nothing } },
      async (request, reply) => {
        const caller = await provenCallerOf(deps, request, request.body)
        await turnSecondFactorOff(deps, caller)
        return reply.code(204).send(null)
      },
    )
  }
}

async function provenCallerOf(deps: SignInDeps, request: FastifyRequest, proof: Proof): Promise<ProvenCaller> {
  const caller = callerOf(request)
  return { ...caller, proven: await proveAgain(deps, request, caller.user, proof) }
}

function callerOf(request: FastifyRequest): Caller {
  return { request, user: requireSession(request) }
}
