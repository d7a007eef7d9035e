import { z } from 'zod'
import { idParams, pageOf, pageQuery } from '#contract/common.ts'
import {
  changedContactList,
  contactList,
  contactListBody,
  contactSelection,
  type LabelKind,
} from '#contract/contactLists.ts'
import { rememberOf } from '#server/auth/idempotencyKeys.ts'
import { actorOf, requireUser, type RoutePlugin } from '#server/lib/http.ts'
import type { ContactListService } from './ContactListService.ts'

const KINDS: { kind: LabelKind; path: string; name: string }[] = [
  { kind: 'group', path: '/api/user/contact-groups', name: 'group' },
  { kind: 'tag', path: '/api/user/contact-tags', name: 'tag' },
]
const PAGE = 50
const USER = { config: { access: 'user' as const } }

export type ContactListRoutesDeps = { lists: ContactListService }

/** Groups and tags: the same routes twice. */
export function contactListRoutes({ lists }: ContactListRoutesDeps): RoutePlugin {
  return async (app) => {
    for (const { kind, path, name } of KINDS) {
      app.get(
        path,
        {
          ...USER,
          schema: {
            summary: `List ${name}s with how many contacts are in them, newest first`,
            querystring: pageQuery,
            response: { 200: pageOf(contactList) },
          },
        },
        async (request) => {
          const { limit = PAGE, cursor = null } = request.query
          return lists.list(requireUser(request).id, kind, limit, cursor)
        },
      )
      app.post(
        path,
        {
          config: { access: 'user', creates: true },
          schema: { summary: `Make a ${name}`, body: contactListBody, response: { 201: contactList } },
        },
        async (request, reply) => {
          reply.code(201)
          return lists.create(actorOf(request), kind, request.body.name, rememberOf(request))
        },
      )
      app.get(
        `${path}/:id`,
        { ...USER, schema: { summary: `One ${name}`, params: idParams, response: { 200: contactList } } },
        async (request) => lists.get(requireUser(request).id, kind, request.params.id),
      )
      app.patch(
        `${path}/:id`,
        {
          ...USER,
          schema: {
            summary: `Rename a ${name}`,
            params: idParams,
            body: contactListBody,
            response: { 200: contactList },
          },
        },
        async (request) => lists.rename(actorOf(request), kind, request.params.id, request.body.name),
      )
      app.delete(
        `${path}/:id`,
        {
          ...USER,
          schema: {
            summary: `Delete a ${name}; its contacts stay`,
            params: idParams,
            response: { 204: z.null() },
          },
        },
        async (request, reply) => {
          await lists.remove(actorOf(request), kind, request.params.id)
          return reply.code(204).send(null)
        },
      )
      for (const how of ['add', 'remove'] as const) {
        app.post(
          `${path}/:id/${how}`,
          {
            ...USER,
            schema: {
              summary: `${how === 'add' ? 'Put contacts into' : 'Take contacts out of'} a ${name}`,
              params: idParams,
              body: contactSelection,
              response: { 200: changedContactList },
            },
          },
          async (request) => lists.change(actorOf(request), how, kind, request.params.id, request.body),
        )
      }
    }
  }
}
