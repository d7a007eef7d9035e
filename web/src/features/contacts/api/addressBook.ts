import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { Channel } from '#contract/channels.ts'
import type { AddressBookEntry, ContactsFromChannel } from '#contract/contactLists.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import type { Page } from '../../../lib/Page.ts'
import { reloadContacts } from './contactPages.ts'
import { refreshSummary } from './contactSummary.ts'

/** Channels whose phone has an address book; Meta's own interface shows none. */
export const phoneChannelsQuery = queryOptions({
  queryKey: ['channels', 'withAddressBook'],
  queryFn: async ({ signal }) => {
    const { items } = await apiClient.get<Page<Channel>>('/api/user/channels', { query: { limit: 200 }, signal })
    return items.filter(({ gateway }) => gateway !== 'cloud')
  },
})

/** Some of those in the phone of a channel, to see that it is the right one. */
export function addressBookQuery(channelId: string) {
  return queryOptions({
    queryKey: ['channels', channelId, 'contacts'],
    queryFn: ({ signal }) =>
      apiClient.get<Page<AddressBookEntry>>(`/api/user/channels/${channelId}/contacts`, {
        query: { limit: 50 },
        signal,
      }),
    retry: false,
    staleTime: 60_000,
  })
}

/** Makes contacts of everybody in the phone of a channel. */
export function useTakeAddressBook() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (channelId: string) =>
      apiClient.post<ContactsFromChannel>('/api/user/contacts/from-channel', { channelId }),
    onSuccess: () => {
      void reloadContacts(client)
      void refreshSummary(client)
    },
  })
}
