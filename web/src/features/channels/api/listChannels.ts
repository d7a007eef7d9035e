import { queryOptions } from '@tanstack/react-query'
import type { Channel } from '#contract/channels.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import type { Page } from '../../../lib/Page.ts'

/** All channels of the account; there are a handful, so the server sends them in one page. */
export const channelsQuery = queryOptions({
  queryKey: ['channels'],
  queryFn: async ({ signal }) => (await apiClient.get<Page<Channel>>('/api/user/channels', { signal })).items,
})
