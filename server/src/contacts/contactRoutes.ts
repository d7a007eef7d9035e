import { z } from 'zod'
import { pageOf } from '#contract/common.ts'
import {
  contact,
  contactFilter,
  contactParams,
  contactSummary,
  createContactBody,
  editContactBody,
} from '#contract/contacts.ts'
import { rememberOf } from '#server/auth/idempotencyKeys.ts'
import { actorOf, requireUser, type RoutePlugin } from '#server/lib/http.ts'
import type { ContactService } from './ContactService.ts'

const PATH = '/api/user/contacts'
const PAGE = 50
const USER = { config: { access: 'user' as const } }

export type ContactRoutesDeps = { contacts: ContactService }

/** Stored contacts. Exporting and erasing a person goes through all of the account, so it belongs to people. */
export function contactRoutes({ contacts }: ContactRoutesDeps): RoutePlugin {
  return async (app) => {
    app.get(
      PATH,
      {
        ...USER,
        schema: { summary: 'List contacts', querystring: contactFilter, response: { 200: pageOf(contact) } },
      },
      async (request) => {
        const { limit = PAGE, cursor = null, search = null, groupId = null, tagId = null } = request.query
        return contacts.list(requireUser(request).id, { limit, cursor, filter: { search, groupId, tagId } })
      },
    )
    app.post(
      PATH,
      {
        config: { access: 'user', creates: true },
        schema: {
          summary: 'Add a contact, by a number in any spelling',
          body: createContactBody,
          response: { 201: contact },
        },
      },
      async (request, reply) => {
        reply.code(201)
        return contacts.create(actorOf(request), request.body, rememberOf(request))
      },
    )
    app.get(
      `${PATH}/summary`,
      { ...USER, schema: { summary: 'How many contacts there are', response: { 200: contactSummary } } },
      async (request) => contacts.summarize(requireUser(request).id),
    )
    app.get(
      `${PATH}/:id`,
      { ...USER, schema: { summary: 'One contact', params: contactParams, response: { 200: contact } } },
      async (request) => contacts.get(requireUser(request).id, request.params.id),
    )
    app.patch(
      `${PATH}/:id`,
      {
        ...USER,
        schema: {
          summary: 'Change the name or all variables of a contact',
          params: contactParams,
          body: editContactBody,
          response: { 200: contact },
        },
      },
      async (request) => contacts.edit(actorOf(request), request.params.id, request.body),
    )
    app.delete(
      `${PATH}/:id`,
      {
        ...USER,
        schema: {
          summary: 'Take a contact out of the list; erasing the person is another route',
          params: contactParams,
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        await contacts.remove(actorOf(request), request.params.id)
        return reply.code(204).send(null)
      },
    )
  }
}
