import { z } from 'zod'
import { adminUser, changeUserBody, createUserBody } from '#contract/auth.ts'
import { id, idParams, pageOf, pageQuery } from '#contract/common.ts'
import { actorOf, requireSession, type RoutePlugin } from '#server/lib/http.ts'
import { addUser, changeUser, deleteUser, listUsers, type AdminUsersDeps } from './adminUsers.ts'
import { rememberOf } from './idempotencyKeys.ts'

const PATH = '/api/admin/users'
const config = { access: 'admin' } as const

/** The users of this installation. Changes only signed in: a leaked API key must not make itself an heir. */
export function adminUserRoutes(deps: AdminUsersDeps): RoutePlugin {
  return async (app) => {
    app.get(
      PATH,
      {
        config,
        schema: {
          summary: 'List users',
          querystring: pageQuery.extend({ cursor: id.optional() }),
          response: { 200: pageOf(adminUser) },
        },
      },
      async (request) => listUsers(deps.db, request.query),
    )

    app.post(
      PATH,
      {
        config: { ...config, creates: true },
        schema: { summary: 'Make a user', body: createUserBody, response: { 201: adminUser } },
      },
      async (request, reply) => {
        requireSession(request)
        reply.code(201)
        return addUser(deps, actorOf(request), request.body, rememberOf(request))
      },
    )

    app.patch(
      `${PATH}/:id`,
      {
        config,
        schema: {
          summary: 'Change the name, role or password of a user, disable or enable, turn the second factor off',
          params: idParams,
          body: changeUserBody,
          response: { 200: adminUser },
        },
      },
      async (request) => {
        requireSession(request)
        return changeUser(deps, actorOf(request), request.params.id, request.body)
      },
    )

    app.delete(
      `${PATH}/:id`,
      {
        config,
        schema: { summary: 'Delete a user who has no rows', params: idParams, response: { 204: z.null() } },
      },
      async (request, reply) => {
        requireSession(request)
        await deleteUser(deps, actorOf(request), request.params.id)
        return reply.code(204).send(null)
      },
    )
  }
}
