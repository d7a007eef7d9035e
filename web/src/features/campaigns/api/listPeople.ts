import { infiniteQueryOptions } from '@tanstack/react-query'
import type { CampaignContact } from '#contract/campaigns.ts'
import type { RecipientStatus } from '#contract/states.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import type { Page } from '../../../lib/Page.ts'

/** The people of a campaign in one state, or all of them, in the order of the list. */
export function peopleQuery(campaignId: string, state: RecipientStatus | undefined) {
  return infiniteQueryOptions({
    queryKey: ['campaigns', campaignId, 'people', state ?? 'all'],
    queryFn: ({ pageParam, signal }) =>
      apiClient.get<Page<CampaignContact>>(`/api/user/bulk-campaigns/${campaignId}/contacts`, {
        query: { limit: 100, status: state, cursor: pageParam },
        signal,
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: Page<CampaignContact>) => last.nextCursor ?? undefined,
    select: ({ pages }) => pages.flatMap((page) => page.items),
  })
}
