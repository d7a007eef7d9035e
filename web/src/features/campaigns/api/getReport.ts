import { queryOptions } from '@tanstack/react-query'
import type { CampaignReport } from '#contract/reports.ts'
import { isFinal } from '#contract/states.ts'
import { apiClient } from '../../../lib/apiClient.ts'

const MOVING_MS = 10_000

/** A campaign in numbers and over time; asked for again while it can still change quickly. */
export function reportQuery(campaignId: string) {
  return queryOptions({
    queryKey: ['campaigns', campaignId, 'report'],
    queryFn: ({ signal }) => apiClient.get<CampaignReport>(`/api/user/bulk-campaigns/${campaignId}/report`, { signal }),
    refetchInterval: ({ state }) => (state.data !== undefined && isFinal(state.data.status) ? false : MOVING_MS),
  })
}
