import { phoneValidation, validatePhoneBody } from '#contract/phones.ts'
import { countryFor } from '#server/auth/userSettings.ts'
import type { Db } from '#server/db/Database.ts'
import { requireUser, type RoutePlugin } from '#server/lib/http.ts'
import type { PhoneValidationService } from './PhoneValidationService.ts'

export type PhoneRoutesDeps = { db: Db; phones: PhoneValidationService }

/** A number while it is typed. Nothing leaves, so a token in the header says nothing here. */
export function phoneRoutes({ db, phones }: PhoneRoutesDeps): RoutePlugin {
  return async (app) => {
    app.post(
      '/api/user/phones/validate',
      {
        config: { access: 'user' },
        schema: {
          summary: 'Read a number, suggest a correction, and ask a channel whether it is on WhatsApp',
          body: validatePhoneBody,
          response: { 200: phoneValidation },
        },
      },
      async (request) => {
        const { id } = requireUser(request)
        const defaultCountry = await countryFor(db, id, request.body.defaultCountry)
        return phones.validate(id, { ...request.body, defaultCountry })
      },
    )
  }
}
