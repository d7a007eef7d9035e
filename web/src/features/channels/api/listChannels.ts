import { queryOptions } from '@tanstack/react-query'
import type { Channel } from '#contract/channels.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import type { Page } from '../../../lib/Page.ts'

/** All channels of the account: people have a handful, so one page of the largest size is enough to choose from. */
export const channelsQuery = queryOptions({
  queryKey: ['channels'],
  queryFn: async ({ signal }) =>
    (await apiClient.get<Page<Channel>>('/api/user/channels', { query: { limit: 200 }, signal })).items,
})
