import { accountCap } from '#contract/frequencyCap.ts'
import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import type { Db } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import type { Bell } from '#server/lib/Bell.ts'
import { actorOf, doneBy, requireUser, type RoutePlugin } from '#server/lib/http.ts'
import { findAccountCap, saveAccountCap } from '#server/recipients/sendHistory.ts'

const PATH = '/api/user/frequency-cap'

export type FrequencyCapRoutesDeps = { db: Db; audit: AuditLogger; bell: Bell }

/** How often one person may be written to by the campaigns of an account; also by those that run already. */
export function frequencyCapRoutes({ db, audit, bell }: FrequencyCapRoutesDeps): RoutePlugin {
  const access = { config: { access: 'user' as const } }
  return async (app) => {
    app.get(
      PATH,
      { ...access, schema: { summary: 'The frequency cap of the account', response: { 200: accountCap } } },
      async (request) => ({ frequencyCap: await findAccountCap(db, requireUser(request).id) }),
    )
    app.put(
      PATH,
      {
        ...access,
        schema: {
          summary: 'Set the frequency cap of the account; null takes it away',
          body: accountCap,
          response: { 200: accountCap },
        },
      },
      async (request) => {
        const actor = actorOf(request)
        const { frequencyCap } = request.body
        await transaction(db, async (trx) => {
          const before = await findAccountCap(trx, actor.ownerId)
          await saveAccountCap(trx, actor.ownerId, frequencyCap)
          await audit.logEvent(trx, {
            ...doneBy(actor),
            ownerId: actor.ownerId,
            action: 'frequency-cap-change',
            details: { from: before, to: frequencyCap },
          })
        })
        // What was sent before is noted at once, so that it counts.
        bell.ring()
        return { frequencyCap }
      },
    )
  }
}
