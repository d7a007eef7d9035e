import { queryOptions } from '@tanstack/react-query'
import type { CampaignSummary } from '#contract/campaigns.ts'
import type { ContactList } from '#contract/contactLists.ts'
import type { SavedTemplate } from '#contract/templates.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import type { Page } from '../../../lib/Page.ts'

/** As many as a campaign can name, and then some. */
const MANY = 200

/** Groups or tags of contacts, with how many are in them. */
export function contactListsQuery(kind: 'group' | 'tag') {
  return queryOptions({
    queryKey: ['campaigns', 'audience', kind],
    queryFn: async ({ signal }) =>
      (await apiClient.get<Page<ContactList>>(`/api/user/contact-${kind}s`, { query: { limit: MANY }, signal })).items,
  })
}

/** Campaigns whose people can be left out of another one. */
export const earlierCampaignsQuery = queryOptions({
  queryKey: ['campaigns', 'audience', 'earlier'],
  queryFn: async ({ signal }) =>
    (await apiClient.get<Page<CampaignSummary>>('/api/user/bulk-campaigns', { query: { limit: MANY }, signal })).items,
})

/** Saved messages to begin with. */
export const savedTemplatesQuery = queryOptions({
  queryKey: ['campaigns', 'templates'],
  queryFn: async ({ signal }) =>
    (await apiClient.get<Page<SavedTemplate>>('/api/user/templates', { query: { limit: MANY }, signal })).items,
})
