import type { z } from 'zod'
import { pageOf, pageQuery } from '#contract/common.ts'
import { contactActivity, contactParams, erasedPerson, personBody, personExport } from '#contract/contacts.ts'
import { countryFor } from '#server/auth/userSettings.ts'
import type { ContactService } from '#server/contacts/ContactService.ts'
import type { Db } from '#server/db/Database.ts'
import { actorOf, requireUser, type RoutePlugin } from '#server/lib/http.ts'
import { cursorOfRow, onePage, readCursor } from '#server/lib/listCursor.ts'
import { listActivity } from '#server/recipients/recipientHistory.ts'
import { canonicalOf } from '#server/suppressions/SuppressionService.ts'
import type { PersonEraser } from './PersonEraser.ts'
import type { PersonExporter } from './PersonExporter.ts'

const PATH = '/api/user/contacts'
const PAGE = 50
const USER = { config: { access: 'user' as const } }
const EXPORT = { config: { access: 'user' as const, limited: 'export' as const } }

export type PeopleRoutesDeps = { db: Db; contacts: ContactService; eraser: PersonEraser; exporter: PersonExporter }

/** One person through all that an account knows. By number, for people who are no contacts: it never stands in an address. */
export function peopleRoutes({ db, contacts, eraser, exporter }: PeopleRoutesDeps): RoutePlugin {
  return async (app) => {
    app.get(
      `${PATH}/:id/activity`,
      {
        ...USER,
        schema: {
          summary: 'Which campaigns and messages a contact was in and what became of it, newest first',
          params: contactParams,
          querystring: pageQuery,
          response: { 200: pageOf(contactActivity) },
        },
      },
      async (request) => {
        const userId = requireUser(request).id
        const { phone } = await contacts.get(userId, request.params.id)
        const { limit = PAGE, cursor } = request.query
        const before = cursor === undefined ? null : readCursor(cursor)
        const rows = await listActivity(db, userId, phone, { limit: limit + 1, before })
        return onePage(rows, limit, {
          itemOf: ({ cursorAt: _place, statusAt, createdAt, ...entry }) => ({
            ...entry,
            statusAt: statusAt.toISOString(),
            createdAt: createdAt.toISOString(),
          }),
          cursorOf: ({ cursorAt, campaignId: id }) => cursorOfRow({ cursorAt, id }),
        })
      },
    )
    app.get(
      `${PATH}/:id/export`,
      {
        ...EXPORT,
        schema: {
          summary: 'Everything that is known of a contact',
          params: contactParams,
          response: { 200: personExport },
        },
      },
      async (request) => {
        const { phone } = await contacts.get(requireUser(request).id, request.params.id)
        return exporter.export(actorOf(request), phone)
      },
    )
    app.post(
      `${PATH}/export`,
      {
        ...EXPORT,
        schema: {
          summary: 'Everything that is known of the person with this number',
          body: personBody,
          response: { 200: personExport },
        },
      },
      async (request) => exporter.export(actorOf(request), await phoneOf(db, requireUser(request).id, request.body)),
    )
    app.post(
      `${PATH}/:id/erase`,
      {
        ...USER,
        schema: {
          summary: 'Erase a contact everywhere; the person stays suppressed, and the books keep balancing',
          params: contactParams,
          response: { 200: erasedPerson },
        },
      },
      async (request) => {
        const { phone } = await contacts.get(requireUser(request).id, request.params.id)
        return eraser.erase(actorOf(request), phone)
      },
    )
    app.post(
      `${PATH}/erase`,
      {
        ...USER,
        schema: {
          summary: 'Erase the person with this number everywhere, contact or not',
          body: personBody,
          response: { 200: erasedPerson },
        },
      },
      async (request) => eraser.erase(actorOf(request), await phoneOf(db, requireUser(request).id, request.body)),
    )
  }
}

async function phoneOf(
  db: Db,
  userId: string,
  { phone, defaultCountry }: z.output<typeof personBody>,
): Promise<string> {
  return canonicalOf(phone, await countryFor(db, userId, defaultCountry))
}
