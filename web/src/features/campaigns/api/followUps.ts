import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { CreatedCampaign, DecideUnknownBody, RetriedCampaign } from '#contract/campaigns.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import { randomId } from '../../../lib/randomId.ts'

const PATH = '/api/user/bulk-campaigns'

/** What campaigns are known by changes everywhere: lists, overview, the one itself. */
function useAllCampaigns() {
  const client = useQueryClient()
  return () => client.invalidateQueries({ queryKey: ['campaigns'] })
}

/** One press is one request to the server, however often the network makes us ask. */
function oncePerPress(press: string) {
  return { idempotencyKey: press }
}

/** A copy as a draft. Call it with `newPress()`. */
export function useDuplicate(campaignId: string, onSuccess: (copy: CreatedCampaign) => void) {
  const forget = useAllCampaigns()
  return useMutation({
    mutationFn: (press: string) =>
      apiClient.post<CreatedCampaign>(`${PATH}/${campaignId}/duplicate`, undefined, oncePerPress(press)),
    onSuccess: (copy) => {
      void forget()
      onSuccess(copy)
    },
  })
}

export type Retry = { press: string; includeUnknown: boolean; start: boolean }

/** Writes again to those who failed, as a campaign of its own. */
export function useRetryFailed(campaignId: string, onSuccess: (retry: RetriedCampaign) => void) {
  const forget = useAllCampaigns()
  return useMutation({
    mutationFn: ({ press, includeUnknown, start }: Retry) =>
      apiClient.post<RetriedCampaign>(
        `${PATH}/${campaignId}/retry-failed`,
        { includeUnknown, start },
        oncePerPress(press),
      ),
    onSuccess: (retry) => {
      void forget()
      onSuccess(retry)
    },
  })
}

/** What a person decides about those of whom nobody knows whether they got it. */
export function useDecideUnknown(campaignId: string, onSuccess: (decided: number) => void) {
  const forget = useAllCampaigns()
  return useMutation({
    mutationFn: (action: DecideUnknownBody['action']) =>
      apiClient.post<{ decided: number }>(`${PATH}/${campaignId}/unknown`, { action }),
    onSuccess: ({ decided }) => {
      void forget()
      onSuccess(decided)
    },
  })
}

export function useDeleteCampaign(campaignId: string, onSuccess: () => void) {
  const forget = useAllCampaigns()
  return useMutation({
    mutationFn: () => apiClient.delete<undefined>(`${PATH}/${campaignId}`),
    onSuccess: () => {
      onSuccess()
      void forget()
    },
  })
}

export function newPress(): string {
  return randomId()
}
