import { z } from 'zod'
import { DEFAULT_TIME_ZONE } from '#contract/campaigns.ts'
import { idParams, pageOf, pageQuery } from '#contract/common.ts'
import { createTemplateBody, editTemplateBody, preview, previewBody, savedTemplate } from '#contract/templates.ts'
import { rememberOf } from '#server/auth/idempotencyKeys.ts'
import { AppError } from '#server/lib/AppError.ts'
import { actorOf, requireUser, type RoutePlugin } from '#server/lib/http.ts'
import { isTimeZone } from '#server/lib/isTimeZone.ts'
import { checkTexts } from './checkMessages.ts'
import { previewMessages, type PreviewedPerson } from './previewMessages.ts'
import type { TemplateService } from './TemplateService.ts'

export type TemplateRoutesDeps = {
  templates: TemplateService
  /** Contacts of an account; those that it does not have are missing. */
  findContacts: (
    userId: string,
    ids: number[],
  ) => Promise<{ id: number; phone: string; name: string | null; variables: Record<string, string> }[]>
}

const PATH = '/api/user/templates'
const USER = { config: { access: 'user' as const } }
const PAGE = 50

/** Saved messages, and what messages become for real people. */
export function templateRoutes({ templates, findContacts }: TemplateRoutesDeps): RoutePlugin {
  return async (app) => {
    app.get(
      PATH,
      {
        ...USER,
        schema: {
          summary: 'List saved templates, newest first, with the variables that they need',
          querystring: pageQuery,
          response: { 200: pageOf(savedTemplate) },
        },
      },
      async (request) => {
        const { limit = PAGE, cursor = null } = request.query
        return templates.list(requireUser(request).id, limit, cursor)
      },
    )
    app.post(
      PATH,
      {
        config: { ...USER.config, creates: true },
        schema: { summary: 'Save messages under a name', body: createTemplateBody, response: { 201: savedTemplate } },
      },
      async (request, reply) => {
        reply.code(201)
        return templates.create(actorOf(request), request.body, rememberOf(request))
      },
    )
    app.get(
      `${PATH}/:id`,
      { ...USER, schema: { summary: 'One saved template', params: idParams, response: { 200: savedTemplate } } },
      async (request) => templates.get(requireUser(request).id, request.params.id),
    )
    app.patch(
      `${PATH}/:id`,
      {
        ...USER,
        schema: {
          summary: 'Change the name or the messages of a template; campaigns keep what they copied',
          params: idParams,
          body: editTemplateBody,
          response: { 200: savedTemplate },
        },
      },
      async (request) => templates.edit(actorOf(request), request.params.id, request.body),
    )
    app.delete(
      `${PATH}/:id`,
      { ...USER, schema: { summary: 'Delete a template', params: idParams, response: { 204: z.null() } } },
      async (request, reply) => {
        await templates.remove(actorOf(request), request.params.id)
        return reply.code(204).send(null)
      },
    )
    app.post(
      `${PATH}/preview`,
      {
        ...USER,
        schema: {
          summary: 'What messages become for contacts or a sample, now, and which variables are missing',
          body: previewBody,
          response: { 200: preview },
        },
      },
      async (request) => {
        const { messages, timeZone = DEFAULT_TIME_ZONE, ...who } = request.body
        if (!isTimeZone(timeZone)) throw refuse('timeZone', 'There is no such time zone.')
        checkTexts(messages)
        const people = await peopleOf(requireUser(request).id, who, findContacts)
        return previewMessages(messages, people, { at: new Date(), timeZone })
      },
    )
  }
}

async function peopleOf(
  userId: string,
  { contactIds, sample }: Pick<z.output<typeof previewBody>, 'contactIds' | 'sample'>,
  findContacts: TemplateRoutesDeps['findContacts'],
): Promise<PreviewedPerson[]> {
  const contacts = contactIds === undefined ? [] : await findContacts(userId, contactIds)
  const found = new Map(contacts.map((contact) => [contact.id, contact]))
  const people = (contactIds ?? []).map((id) => {
    const contact = found.get(id)
    if (contact === undefined) throw refuse('contactIds', 'There is no such contact in your account.')
    const { phone, name, variables } = contact
    return { contactId: id, phone, name, variables }
  })
  if (sample === undefined && people.length > 0) return people
  const { phone = '', name = null, variables = {} } = sample ?? {}
  return [...people, { contactId: null, phone, name, variables }]
}

function refuse(field: string, message: string): AppError {
  return new AppError('UNPROCESSABLE', { details: [{ field, message }] })
}
