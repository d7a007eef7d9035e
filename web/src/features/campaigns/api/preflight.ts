import { infiniteQueryOptions, queryOptions, skipToken } from '@tanstack/react-query'
import type { CreateCampaignBody } from '#contract/campaigns.ts'
import type { Preflight, PreflightLine, PreflightPerson } from '#contract/preflight.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import type { Page } from '../../../lib/Page.ts'

const PATH = '/api/user/bulk-campaigns/preflight'
/** Long enough to go back and forth between the steps; every change of the plan asks anew. */
const STALE_MS = 60_000

/** What the campaign would do if it were created now. Nothing is sent; null asks nothing. */
export function preflightQuery(body: CreateCampaignBody | null) {
  return queryOptions({
    queryKey: ['campaigns', 'preflight', body],
    queryFn: body === null ? skipToken : ({ signal }) => apiClient.post<Preflight>(PATH, body, { signal }),
    staleTime: STALE_MS,
    gcTime: STALE_MS,
  })
}

/** The people behind a line of it, page by page. */
export function preflightPeopleQuery(body: CreateCampaignBody | null, line: PreflightLine, limit = 50) {
  return infiniteQueryOptions({
    queryKey: ['campaigns', 'preflight', 'people', line, limit, body],
    queryFn:
      body === null
        ? skipToken
        : ({ pageParam, signal }) =>
            apiClient.post<Page<PreflightPerson>>(`${PATH}/people`, body, {
              query: { line, limit, cursor: pageParam },
              signal,
            }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
    staleTime: STALE_MS,
    gcTime: STALE_MS,
  })
}
