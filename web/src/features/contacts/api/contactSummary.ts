import { queryOptions, type QueryClient } from '@tanstack/react-query'
import type { ContactSummary } from '#contract/contacts.ts'
import { apiClient } from '../../../lib/apiClient.ts'

/** How many contacts, groups, tags and suppressed people there are. */
export const summaryQuery = queryOptions({
  queryKey: ['contacts', 'summary'],
  queryFn: ({ signal }) => apiClient.get<ContactSummary>('/api/user/contacts/summary', { signal }),
})

export function refreshSummary(client: QueryClient): Promise<void> {
  return client.invalidateQueries({ queryKey: summaryQuery.queryKey })
}
