import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { Contact } from '#contract/contacts.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import type { Page } from '../../../lib/Page.ts'

/** Some contacts to look at a message with: those whose name or number begins so. */
export function peopleQuery(search: string) {
  return queryOptions({
    queryKey: ['templates', 'people', search],
    queryFn: async ({ signal }) => {
      const query = { limit: 8, ...(search === '' ? {} : { search }) }
      return (await apiClient.get<Page<Contact>>('/api/user/contacts', { query, signal })).items
    },
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  })
}
