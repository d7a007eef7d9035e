import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { SingleMessage } from '#contract/messages.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import { messageQuery } from './getMessage.ts'
import { messagesKey } from './listMessages.ts'

export type MessageChange = 'cancel' | 'sendNow'

/** Takes a message back before it goes, or sends one now that waits or was missed. Both show what became of it. */
export function useChangeMessage(messageId: string) {
  const client = useQueryClient()
  const path = `/api/user/messages/${messageId}`
  return useMutation({
    mutationFn: (change: MessageChange) =>
      change === 'cancel' ? apiClient.delete<SingleMessage>(path) : apiClient.post<SingleMessage>(`${path}/send`),
    onSuccess: (message) => client.setQueryData(messageQuery(messageId).queryKey, message),
    // Also after a refusal: then the message is in another state than the one on the page.
    onSettled: () => client.invalidateQueries({ queryKey: [messagesKey[0]] }),
  })
}
