import { idParams, pageOf, pageQuery } from '#contract/common.ts'
import { addressBookEntry, contactsFromChannel, fromChannelBody } from '#contract/contactLists.ts'
import { actorOf, requireUser, type RoutePlugin } from '#server/lib/http.ts'
import type { AddressBook } from './AddressBook.ts'

const PAGE = 50

export type AddressBookRoutesDeps = { addressBook: AddressBook }

/** Who is in the phone behind a channel. */
export function addressBookRoutes({ addressBook }: AddressBookRoutesDeps): RoutePlugin {
  return async (app) => {
    app.get(
      '/api/user/channels/:id/contacts',
      {
        config: { access: 'user' },
        schema: {
          summary: "The address book of the channel's phone; the Cloud API has none",
          params: idParams,
          querystring: pageQuery,
          response: { 200: pageOf(addressBookEntry) },
        },
      },
      async (request) => {
        const { limit = PAGE, cursor = null } = request.query
        return addressBook.list(requireUser(request).id, request.params.id, limit, cursor)
      },
    )
    app.post(
      '/api/user/contacts/from-channel',
      {
        config: { access: 'user', limited: 'import' },
        schema: {
          summary: "Make contacts of everybody in the address book of a channel's phone",
          body: fromChannelBody,
          response: { 200: contactsFromChannel },
        },
      },
      async (request) => addressBook.takeOver(actorOf(request), request.body.channelId),
    )
  }
}
