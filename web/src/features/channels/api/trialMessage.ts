import { queryOptions, useMutation } from '@tanstack/react-query'
import { useRef } from 'react'
import type { CampaignMessage } from '#contract/campaigns.ts'
import type { SingleMessage } from '#contract/messages.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import { randomId } from '../../../lib/randomId.ts'

type Trial = { channelId: string; phone: string; message: CampaignMessage }
/** Nothing more comes of these, but for receipts. */
const ON_ITS_WAY = ['waiting', 'sending', 'scheduled']
const LOOK_MS = 1000

/** Sends one message to somebody now. Pressed again after a lost answer it is still one message. */
export function useSendTrial() {
  const last = useRef({ text: '', key: '' })
  return useMutation({
    mutationFn: (trial: Trial) => {
      const text = JSON.stringify(trial)
      if (text !== last.current.text) last.current = { text, key: randomId() }
      return apiClient.post<SingleMessage>('/api/user/messages', trial, { idempotencyKey: last.current.key })
    },
    // The next press is meant: the same message once more.
    onSuccess: () => (last.current = { text: '', key: '' }),
  })
}

/** What became of it, asked until it is decided. */
export function trialMessageQuery(messageId: string | undefined) {
  return queryOptions({
    queryKey: ['channels', 'test', messageId],
    queryFn: ({ signal }) => apiClient.get<SingleMessage>(`/api/user/messages/${messageId}`, { signal }),
    enabled: messageId !== undefined,
    refetchInterval: ({ state }) =>
      state.data === undefined || ON_ITS_WAY.includes(state.data.state) ? LOOK_MS : false,
  })
}
