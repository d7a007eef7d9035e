import { infiniteQueryOptions } from '@tanstack/react-query'
import type { SingleMessage } from '#contract/messages.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import type { Page } from '../../../lib/Page.ts'
import { lookAgainMs } from '../lookAgainMs.ts'

export const messagesKey = ['messages', 'list']

/** Single messages, newest first; looks again as soon as one of those shown can have changed. */
export const messagesQuery = infiniteQueryOptions({
  queryKey: messagesKey,
  queryFn: ({ pageParam, signal }) =>
    apiClient.get<Page<SingleMessage>>('/api/user/messages', { query: { limit: 20, cursor: pageParam }, signal }),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (last) => last.nextCursor ?? undefined,
  refetchInterval: ({ state }) => lookAgainMs(state.data?.pages.flatMap((page) => page.items) ?? [], Date.now()),
})
