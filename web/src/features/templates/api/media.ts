import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Medium } from '#contract/media.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import type { Page } from '../../../lib/Page.ts'

const PATH = '/api/user/media'
const LIST = ['media', 'list']

/** The bytes of a medium, to show or to download. */
export function mediumFileUrl(mediumId: string): string {
  return `${PATH}/${mediumId}/file`
}

/** Newest first, a page at a time. */
export const mediaQuery = infiniteQueryOptions({
  queryKey: LIST,
  queryFn: ({ pageParam, signal }) =>
    apiClient.get<Page<Medium>>(PATH, { query: { limit: 30, cursor: pageParam }, signal }),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (last) => last.nextCursor ?? undefined,
})

export function mediumQuery(mediumId: string) {
  return queryOptions({
    queryKey: ['media', 'one', mediumId],
    queryFn: ({ signal }) => apiClient.get<Medium>(`${PATH}/${mediumId}`, { signal }),
    staleTime: Infinity,
  })
}

/** Sends a file. `share` is how much of it has left, 0 to 1. */
export function useUploadMedium(onSuccess: (medium: Medium) => void) {
  const client = useQueryClient()
  const [share, setShare] = useState(0)
  const mutation = useMutation({
    mutationFn: (file: File) => {
      setShare(0)
      const form = new FormData()
      form.set('file', file)
      return apiClient.upload<Medium>(PATH, form, setShare)
    },
    onSuccess: (medium) => {
      client.setQueryData(mediumQuery(medium.id).queryKey, medium)
      void client.invalidateQueries({ queryKey: LIST })
      onSuccess(medium)
    },
  })
  return { ...mutation, share }
}

export function useDeleteMedium() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (mediumId: string) => apiClient.delete<undefined>(`${PATH}/${mediumId}`),
    onSuccess: () => client.invalidateQueries({ queryKey: LIST }),
  })
}
