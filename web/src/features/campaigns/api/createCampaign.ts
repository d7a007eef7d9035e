import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { CreateCampaignBody, CreatedCampaign } from '#contract/campaigns.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import { randomId } from '../../../lib/randomId.ts'
import { campaignsKey } from './listCampaigns.ts'

/**
 * The key under which the server knows this very request. The same body keeps its key, so pressing again after an
 * answer that never arrived cannot make a second campaign; any change gets a new one.
 */
const lastRequest = { body: '', key: '' }

function keyFor(body: CreateCampaignBody): string {
  const text = JSON.stringify(body)
  if (text !== lastRequest.body) Object.assign(lastRequest, { body: text, key: randomId() })
  return lastRequest.key
}

export function useCreateCampaign(onSuccess: (created: CreatedCampaign) => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: CreateCampaignBody) =>
      apiClient.post<CreatedCampaign>('/api/user/bulk-campaigns', body, { idempotencyKey: keyFor(body) }),
    onSuccess: (created) => {
      lastRequest.body = ''
      void client.invalidateQueries({ queryKey: campaignsKey })
      onSuccess(created)
    },
  })
}
