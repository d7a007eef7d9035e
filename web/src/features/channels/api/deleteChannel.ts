import { useMutation, useQueryClient } from '@tanstack/react-query'
import { apiClient } from '../../../lib/apiClient.ts'
import { channelsQuery } from './listChannels.ts'

export function useDeleteChannel(onSuccess: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (channelId: string) => apiClient.delete<undefined>(`/api/user/channels/${channelId}`),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: channelsQuery.queryKey, exact: true })
      onSuccess()
    },
  })
}
