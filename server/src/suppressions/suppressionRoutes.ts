import { z } from 'zod'
import { idParams, pageOf, pageQuery } from '#contract/common.ts'
import { addedSuppressions, addSuppressionsBody, released, releaseBody, suppression } from '#contract/suppressions.ts'
import { actorOf, requireUser, type RoutePlugin } from '#server/lib/http.ts'
import type { SuppressionService } from './SuppressionService.ts'

const PATH = '/api/user/suppressions'
const PAGE = 50
/** Room for the most numbers that one request may bring, as long as a field may be. */
const MAX_BODY_BYTES = 4 * 1024 * 1024
const USER = { config: { access: 'user' as const } }

export type SuppressionRoutesDeps = { suppressions: SuppressionService }

/** People whom nothing may be sent to. */
export function suppressionRoutes({ suppressions }: SuppressionRoutesDeps): RoutePlugin {
  return async (app) => {
    app.get(
      PATH,
      {
        ...USER,
        schema: {
          summary: 'List suppressions, newest first',
          querystring: pageQuery,
          response: { 200: pageOf(suppression) },
        },
      },
      async (request) => {
        const { limit = PAGE, cursor = null } = request.query
        return suppressions.list(requireUser(request).id, limit, cursor)
      },
    )
    app.post(
      PATH,
      {
        ...USER,
        bodyLimit: MAX_BODY_BYTES,
        schema: {
          summary: 'Suppress numbers: nothing is sent to them any more, also by what runs already',
          body: addSuppressionsBody,
          response: { 200: addedSuppressions },
        },
      },
      async (request) => suppressions.add(actorOf(request), request.body),
    )
    app.delete(
      `${PATH}/:id`,
      {
        ...USER,
        schema: {
          summary: 'Take somebody off the list; not one who was erased, who has to agree anew',
          params: idParams,
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        await suppressions.remove(actorOf(request), request.params.id)
        return reply.code(204).send(null)
      },
    )
    app.post(
      `${PATH}/release`,
      {
        ...USER,
        schema: {
          summary: 'Let a person who was erased be written to again, because they agreed anew',
          body: releaseBody,
          response: { 200: released },
        },
      },
      async (request) => suppressions.release(actorOf(request), request.body),
    )
  }
}
