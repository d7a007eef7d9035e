import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { SingleMessage } from '#contract/messages.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import type { Attempt } from '../singleDraft.ts'
import { messageQuery } from './getMessage.ts'
import { messagesKey } from './listMessages.ts'

/** Sends an attempt under its own key: however often it is repeated, the server makes one message of it. */
export function useSendMessage() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ body, key }: Attempt) =>
      apiClient.post<SingleMessage>('/api/user/messages', body, { idempotencyKey: key }),
    onSuccess: (message) => {
      client.setQueryData(messageQuery(message.messageId).queryKey, message)
      void client.invalidateQueries({ queryKey: messagesKey })
    },
  })
}
