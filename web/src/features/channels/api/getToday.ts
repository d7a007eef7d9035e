import { queryOptions } from '@tanstack/react-query'
import type { Overview } from '#contract/overview.ts'
import { apiClient } from '../../../lib/apiClient.ts'

/** How many messages each channel has sent today, by its id. */
export const sentTodayQuery = queryOptions({
  queryKey: ['channels', 'today'],
  queryFn: async ({ signal }) => {
    const { channels } = await apiClient.get<Overview>('/api/user/overview', { signal })
    return Object.fromEntries(channels.map(({ id, sentToday }) => [id, sentToday]))
  },
  refetchInterval: 30_000,
})
