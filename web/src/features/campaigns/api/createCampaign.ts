import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { CreateCampaignBody, CreatedCampaign } from '#contract/campaigns.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import { campaignsKey } from './listCampaigns.ts'

/** `key`: under which the server knows this very request; the same key twice is one campaign. */
type Creation = { body: CreateCampaignBody; key: string }

export function useCreateCampaign(onSuccess: (created: CreatedCampaign) => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ body, key }: Creation) =>
      apiClient.post<CreatedCampaign>('/api/user/bulk-campaigns', body, { idempotencyKey: key }),
    onSuccess: (created) => {
      void client.invalidateQueries({ queryKey: campaignsKey })
      onSuccess(created)
    },
  })
}
