import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Medium } from '#contract/media.ts'
import { apiClient } from './apiClient.ts'

export const MEDIA_PATH = '/api/user/media'
/** Under this key are the pages of all media; it is invalidated when one comes or goes. */
export const MEDIA_LIST = ['media', 'list']

/** The bytes of a medium, to show or to download. */
export function mediumFileUrl(mediumId: string): string {
  return `${MEDIA_PATH}/${mediumId}/file`
}

export function mediumQuery(mediumId: string) {
  return queryOptions({
    queryKey: ['media', 'one', mediumId],
    queryFn: ({ signal }) => apiClient.get<Medium>(`${MEDIA_PATH}/${mediumId}`, { signal }),
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
      return apiClient.upload<Medium>(MEDIA_PATH, form, setShare)
    },
    onSuccess: (medium) => {
      client.setQueryData(mediumQuery(medium.id).queryKey, medium)
      void client.invalidateQueries({ queryKey: MEDIA_LIST })
      onSuccess(medium)
    },
  })
  return { ...mutation, share }
}
