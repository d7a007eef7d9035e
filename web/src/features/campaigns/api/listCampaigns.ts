import { infiniteQueryOptions } from '@tanstack/react-query'
import type { CampaignSummary } from '#contract/campaigns.ts'
import type { CampaignStatus } from '#contract/states.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import type { Page } from '../../../lib/Page.ts'

export const campaignsKey = ['campaigns', 'list']

const MOVING_POLL_MS = 3000

/** Campaigns, newest first, of one state or of all. Looks again every 3 s while one of them moves. */
export function campaignsQuery(status: CampaignStatus | undefined) {
  return infiniteQueryOptions({
    queryKey: [...campaignsKey, status ?? 'all'],
    queryFn: ({ pageParam, signal }) =>
      apiClient.get<Page<CampaignSummary>>('/api/user/bulk-campaigns', {
        query: { limit: 20, status, cursor: pageParam },
        signal,
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.items.some(isMoving)) === true ? MOVING_POLL_MS : false,
  })
}

function isMoving({ status, preparing }: CampaignSummary): boolean {
  return status === 'running' || preparing
}
