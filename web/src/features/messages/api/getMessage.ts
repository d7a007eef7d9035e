import { queryOptions } from '@tanstack/react-query'
import type { SingleMessage } from '#contract/messages.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import { lookAgainMs } from '../lookAgainMs.ts'

/** One message, followed for as long as something can still happen to it. */
export function messageQuery(messageId: string) {
  return queryOptions({
    queryKey: ['messages', 'one', messageId],
    queryFn: ({ signal }) => apiClient.get<SingleMessage>(`/api/user/messages/${messageId}`, { signal }),
    refetchInterval: ({ state }) => lookAgainMs(state.data === undefined ? [] : [state.data], Date.now()),
  })
}
