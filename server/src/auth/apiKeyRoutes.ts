import { z } from 'zod'
import { apiKey, createApiKeyBody, createdApiKey } from '#contract/auth.ts'
import { id, idParams, pageOf, pageQuery } from '#contract/common.ts'
import { actorOf, requireSession, requireUser, type RoutePlugin } from '#server/lib/http.ts'
import { createApiKey, listApiKeys, revokeApiKey, type ApiKeyDeps } from './apiKeys.ts'
import { rememberOf } from './idempotencyKeys.ts'

const PATH = '/api/user/api-keys'
const apiKeyPageQuery = pageQuery.extend({ cursor: id.optional() })

/** A user's API keys. */
export function apiKeyRoutes(deps: ApiKeyDeps): RoutePlugin {
  return async (app) => {
    app.get(
      PATH,
      {
        config: { access: 'user' },
        schema: { summary: 'List API keys', querystring: apiKeyPageQuery, response: { 200: pageOf(apiKey) } },
      },
      async (request) => listApiKeys(deps.db, requireUser(request).id, request.query),
    )

    app.post(
      PATH,
      {
        config: { access: 'user', creates: true },
        schema: {
          summary: 'Make an API key; only this answer shows it',
          body: createApiKeyBody,
          response: { 201: createdApiKey },
        },
      },
      async (request, reply) => {
        // A key that leaked must not be able to make its own successor and outlive being revoked.
        requireSession(request)
        reply.code(201)
        return createApiKey(deps, actorOf(request), request.body.name, rememberOf(request))
      },
    )

    app.delete(
      `${PATH}/:id`,
      {
        config: { access: 'user' },
        schema: { summary: 'Revoke an API key', params: idParams, response: { 204: z.null() } },
      },
      async (request, reply) => {
        // Nor to take away the keys that the owner would still have.
        requireSession(request)
        await revokeApiKey(deps, actorOf(request), request.params.id)
        return reply.code(204).send(null)
      },
    )
  }
}
