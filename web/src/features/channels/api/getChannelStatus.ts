import { queryOptions } from '@tanstack/react-query'
import type { ChannelStatusAnswer } from '#contract/channels.ts'
import { apiClient } from '../../../lib/apiClient.ts'

/** Asked from the gateway itself, every 30 s while someone looks. */
export function channelStatusQuery(channelId: string) {
  return queryOptions({
    queryKey: ['channels', channelId, 'status'],
    queryFn: ({ signal }) => apiClient.get<ChannelStatusAnswer>(`/api/user/channels/${channelId}/status`, { signal }),
    refetchInterval: 30_000,
    retry: false,
  })
}
