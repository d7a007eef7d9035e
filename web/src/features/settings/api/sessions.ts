import { infiniteQueryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { Session } from '#contract/auth.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import type { Page } from '../../../lib/Page.ts'

const PATH = '/api/user/sessions'
export const sessionsKey = ['sessions']

/** Where this account is signed in. */
export const sessionsQuery = infiniteQueryOptions({
  queryKey: sessionsKey,
  queryFn: ({ pageParam, signal }) => apiClient.get<Page<Session>>(PATH, { query: { cursor: pageParam }, signal }),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (last) => last.nextCursor ?? undefined,
})

/** Ends one session; without an id all but this one. */
export function useEndSessions() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (id: string | null) => apiClient.delete(id === null ? PATH : `${PATH}/${id}`),
    onSettled: () => client.invalidateQueries({ queryKey: sessionsKey }),
  })
}
