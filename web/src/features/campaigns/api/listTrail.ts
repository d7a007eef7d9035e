import { infiniteQueryOptions } from '@tanstack/react-query'
import type { AuditRow } from '#contract/audit.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import type { Page } from '../../../lib/Page.ts'

/** Who did what to a campaign, newest first. */
export function trailQuery(campaignId: string) {
  return infiniteQueryOptions({
    queryKey: ['campaigns', campaignId, 'trail'],
    queryFn: ({ pageParam, signal }) =>
      apiClient.get<Page<AuditRow>>(`/api/user/bulk-campaigns/${campaignId}/audit`, {
        query: { limit: 50, order: 'newest', cursor: pageParam },
        signal,
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: Page<AuditRow>) => last.nextCursor ?? undefined,
    select: ({ pages }) => pages.flatMap((page) => page.items),
  })
}
