import { phoneValidation, validatePhoneBody } from '#contract/phones.ts'
import { requireUser, type RoutePlugin } from '#server/lib/http.ts'
import type { PhoneValidationService } from './PhoneValidationService.ts'

export type PhoneRoutesDeps = { phones: PhoneValidationService }

/** A number while it is typed. Nothing leaves, so a token in the header says nothing here. */
export function phoneRoutes({ phones }: PhoneRoutesDeps): RoutePlugin {
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
      async (request) => phones.validate(requireUser(request).id, request.body),
    )
  }
}
