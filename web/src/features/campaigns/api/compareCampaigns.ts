import { queryOptions } from '@tanstack/react-query'
import type { ComparedCampaigns } from '#contract/reports.ts'
import { apiClient } from '../../../lib/apiClient.ts'

/** The most that can stand side by side. */
export const MAX_COMPARED = 10

/** Campaigns in numbers, in the order asked for. */
export function comparisonQuery(campaignIds: readonly string[]) {
  return queryOptions({
    queryKey: ['campaigns', 'compare', ...campaignIds],
    queryFn: ({ signal }) =>
      apiClient.post<ComparedCampaigns>('/api/user/bulk-campaigns/compare', { campaignIds }, { signal }),
    enabled: campaignIds.length >= 2,
  })
}
