import type { preValidationAsyncHookHandler } from 'fastify'
import { rateLimitKey, recordAct } from '#server/auth/rateLimits.ts'
import type { Db } from '#server/db/Database.ts'
import { AppError } from '#server/lib/AppError.ts'
import { requireUser } from '#server/lib/http.ts'

const WINDOW_SECONDS = 60

export type CampaignLimits = {
  db: Db
  /** Requests of one user in any 60 s, counted by the database for all processes together. */
  creations: number
  operations: number
  progress: number
}

/** Options for a route: `{ ...limiter.creation, schema: … }`. */
export type CampaignRateLimiter = Record<
  'creation' | 'operation' | 'progress',
  { preValidation: preValidationAsyncHookHandler }
>

/**
 * Limits what one user does with campaigns. It comes after the answers to repeats of an `Idempotency-Key`, which do not
 * count, and before validation, so that a wrong body counts like a right one. The address of the caller plays no part.
 */
export function campaignRateLimiter({ db, creations, operations, progress }: CampaignLimits): CampaignRateLimiter {
  const limited = (scope: string, limit: number, code: 'RATE_LIMIT' | 'CAMPAIGN_RATE_LIMIT_EXCEEDED') => ({
    preValidation: (async (request) => {
      const key = rateLimitKey(scope, requireUser(request).id)
      const retryAfterSeconds = await recordAct(db, { key, limit, windowSeconds: WINDOW_SECONDS })
      if (retryAfterSeconds !== null) throw new AppError(code, { details: { retryAfterSeconds } })
    }) satisfies preValidationAsyncHookHandler,
  })
  return {
    creation: limited('campaign-creation', creations, 'CAMPAIGN_RATE_LIMIT_EXCEEDED'),
    operation: limited('campaign-operation', operations, 'RATE_LIMIT'),
    progress: limited('campaign-progress', progress, 'RATE_LIMIT'),
  }
}
