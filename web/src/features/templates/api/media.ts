import { infiniteQueryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { Medium } from '#contract/media.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import { MEDIA_LIST, MEDIA_PATH } from '../../../lib/media.ts'
import type { Page } from '../../../lib/Page.ts'

/** Newest first, a page at a time. */
export const mediaQuery = infiniteQueryOptions({
  queryKey: MEDIA_LIST,
  queryFn: ({ pageParam, signal }) =>
    apiClient.get<Page<Medium>>(MEDIA_PATH, { query: { limit: 30, cursor: pageParam }, signal }),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (last) => last.nextCursor ?? undefined,
})

export function useDeleteMedium() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (mediumId: string) => apiClient.delete<undefined>(`${MEDIA_PATH}/${mediumId}`),
    onSuccess: () => client.invalidateQueries({ queryKey: MEDIA_LIST }),
  })
}
