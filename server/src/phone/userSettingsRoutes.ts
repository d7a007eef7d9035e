import { userSettings } from '#contract/userSettings.ts'
import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import { updateUser } from '#server/auth/userQueries.ts'
import { findUserSettings } from '#server/auth/userSettings.ts'
import type { Db } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import { AppError } from '#server/lib/AppError.ts'
import { actorOf, doneBy, requireUser, type RoutePlugin } from '#server/lib/http.ts'
import { isCountry } from '#contract/phone/normalizePhoneInput.ts'

const PATH = '/api/user/settings'

export type UserSettingsRoutesDeps = { db: Db; audit: AuditLogger }

/** What a user may choose for all of their own requests. */
export function userSettingsRoutes({ db, audit }: UserSettingsRoutesDeps): RoutePlugin {
  const access = { config: { access: 'user' as const } }
  return async (app) => {
    app.get(PATH, { ...access, schema: { summary: 'My settings', response: { 200: userSettings } } }, async (request) =>
      findUserSettings(db, requireUser(request).id),
    )
    app.patch(
      PATH,
      { ...access, schema: { summary: 'Change my settings', body: userSettings, response: { 200: userSettings } } },
      async (request) => {
        const actor = actorOf(request)
        const { defaultCountry } = request.body
        if (!isCountry(defaultCountry)) {
          const details = [{ field: 'defaultCountry', message: 'is not a country with telephone numbers' }]
          throw new AppError('UNPROCESSABLE', { details })
        }
        await transaction(db, async (trx) => {
          const before = await findUserSettings(trx, actor.userId)
          await updateUser(trx, actor.userId, { default_country: defaultCountry })
          const details = { defaultCountry: { from: before.defaultCountry, to: defaultCountry } }
          await audit.logEvent(trx, { ...doneBy(actor), action: 'user-edit', target: actor.userId, details })
        })
        return { defaultCountry }
      },
    )
  }
}
