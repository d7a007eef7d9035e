import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { CampaignConfigBody, CampaignState } from '#contract/campaigns.ts'
import { apiClient } from '../../../lib/apiClient.ts'

/** Changes what may change once a campaign is there: pace, window, resuming by itself. */
export function useEditCampaign(campaignId: string, onSuccess: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: CampaignConfigBody) =>
      apiClient.patch<CampaignState>(`/api/user/bulk-campaigns/${campaignId}/config`, body),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['campaigns', campaignId] })
      onSuccess()
    },
  })
}
