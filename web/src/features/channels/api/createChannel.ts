import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { Channel, CreateChannelBody } from '#contract/channels.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import { channelsQuery } from './listChannels.ts'

export function useCreateChannel(onSuccess?: (channel: Channel) => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: CreateChannelBody) => apiClient.post<Channel>('/api/user/channels', body),
    // The body may hold a token: it must not stay in the cache of mutations.
    gcTime: 0,
    onSuccess: async (channel) => {
      await client.invalidateQueries({ queryKey: channelsQuery.queryKey, exact: true })
      onSuccess?.(channel)
    },
  })
}
