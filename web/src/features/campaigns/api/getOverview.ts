import { queryOptions } from '@tanstack/react-query'
import type { Overview } from '#contract/overview.ts'
import { apiClient } from '../../../lib/apiClient.ts'

/** How often every page looks whether something was paused. */
const WATCH_MS = 10_000
/** How often the overview itself looks while something moves. */
export const MOVING_MS = 3000

export const overviewKey = ['campaigns', 'overview']

/** What runs, what is scheduled and what waits for a person; "today" is the reader's. */
export const overviewQuery = queryOptions({
  queryKey: overviewKey,
  queryFn: ({ signal }) =>
    apiClient.get<Overview>('/api/user/overview', {
      query: { timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone },
      signal,
    }),
  refetchInterval: WATCH_MS,
})
