import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { ChannelConnection, ChannelQr } from '#contract/channels.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import { channelsQuery } from './listChannels.ts'

/** A code lives about twenty seconds, and the one who scans looks at the screen: asked twice in three seconds. */
const LOOK_MS = 1500

/** Opens the connection of a channel; what it shows then is asked by `channelQrQuery`. */
export function useConnectChannel(channelId: string) {
  return useMutation({
    mutationFn: () => apiClient.post<ChannelConnection>(`/api/user/channels/${channelId}/connect`),
  })
}

/** The code as it is now, until it was scanned or ran out. */
export function channelQrQuery(channelId: string, isOn: boolean) {
  return queryOptions({
    queryKey: ['channels', channelId, 'qr'],
    queryFn: ({ signal }) => apiClient.get<ChannelQr>(`/api/user/channels/${channelId}/qr`, { signal }),
    enabled: isOn,
    // A code of before must not flash up: it may be another phone's by now.
    gcTime: 0,
    staleTime: 0,
    refetchInterval: ({ state }) => (state.data === undefined || state.data.state === 'waiting' ? LOOK_MS : false),
  })
}

/** Logs the number out of its gateway: it has to be paired again before it can send. */
export function useDisconnectChannel(channelId: string, onSuccess: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => apiClient.post<unknown>(`/api/user/channels/${channelId}/disconnect`),
    onSuccess,
    onSettled: () => client.invalidateQueries({ queryKey: channelsQuery.queryKey }),
  })
}
