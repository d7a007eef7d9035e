import type { FastifyInstance } from 'fastify'
import { rateLimitKey, takeTurn } from '#server/auth/rateLimits.ts'
import type { Db } from '#server/db/Database.ts'
import { requireUser, type CostlyWork } from '#server/lib/http.ts'

const WINDOW_SECONDS = 60

/**
 * Holds what is costly on routes with `config: { limited }` to so many requests of one user in any 60 s, counted by the
 * database for all processes together. The address of the caller plays no part. Registered before any route.
 */
export function limitUsers(app: FastifyInstance, { db, limits }: { db: Db; limits: Record<CostlyWork, number> }): void {
  app.addHook('preValidation', async (request) => {
    const { limited } = request.routeOptions.config
    if (limited === undefined) return
    const key = rateLimitKey(limited, requireUser(request).id)
    await takeTurn(db, { key, limit: limits[limited], windowSeconds: WINDOW_SECONDS })
  })
}
