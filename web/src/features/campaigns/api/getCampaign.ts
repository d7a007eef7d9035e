import { queryOptions } from '@tanstack/react-query'
import type { CampaignDetails } from '#contract/campaigns.ts'
import { apiClient } from '../../../lib/apiClient.ts'

/** The plan of one campaign; its books come with the progress. What was chosen is known once preparing is over. */
export function campaignQuery(campaignId: string) {
  return queryOptions({
    queryKey: ['campaigns', campaignId],
    queryFn: ({ signal }) => apiClient.get<CampaignDetails>(`/api/user/bulk-campaigns/${campaignId}`, { signal }),
    refetchInterval: ({ state }) => (state.data?.preparing === true ? 1500 : false),
  })
}
