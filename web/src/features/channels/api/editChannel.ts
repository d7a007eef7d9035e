import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { Channel, EditChannelBody } from '#contract/channels.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import { channelsQuery } from './listChannels.ts'

export function useEditChannel(channelId: string, onSuccess: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: EditChannelBody) => apiClient.patch<Channel>(`/api/user/channels/${channelId}`, body),
    // The body may hold a token: it must not stay in the cache of mutations.
    gcTime: 0,
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: channelsQuery.queryKey })
      onSuccess()
    },
  })
}
