import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { CampaignProgress, CampaignState } from '#contract/campaigns.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import { progressKey } from './getProgress.ts'
import { campaignsKey } from './listCampaigns.ts'

export type CampaignAct = 'start' | 'pause' | 'resume' | 'cancel'

/**
 * Start, pause, resume or cancel. The page shows the new state once the server has said so, never before:
 * a campaign that only looks paused would be the worst of all.
 */
export function useChangeCampaignState(campaignId: string, onSuccess?: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (act: CampaignAct) => apiClient.post<CampaignState>(`/api/user/bulk-campaigns/${campaignId}/${act}`),
    onSuccess: (state) => {
      client.setQueryData<CampaignProgress>(progressKey(campaignId), (known) => known && { ...known, ...state })
      onSuccess?.()
    },
    // Also after a refusal: "the state does not allow this" means that this page is behind.
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: progressKey(campaignId) }),
        client.invalidateQueries({ queryKey: campaignsKey }),
      ]),
  })
}
