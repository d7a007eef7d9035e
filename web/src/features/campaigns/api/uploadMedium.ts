import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { Medium } from '#contract/media.ts'
import { apiClient } from '../../../lib/apiClient.ts'

/** Sends a file for a message; `share` is how much has left, 0 to 1. */
export function useUploadMedium(onSuccess: (medium: Medium) => void) {
  const [share, setShare] = useState(0)
  const mutation = useMutation({
    mutationFn: (file: File) => {
      setShare(0)
      const form = new FormData()
      form.set('file', file)
      return apiClient.upload<Medium>('/api/user/media', form, setShare)
    },
    onSuccess,
  })
  return { ...mutation, share }
}

/** Where the bytes of a medium are; pictures are shown from there. */
export function mediumAddress(mediaId: string): string {
  return `/api/user/media/${mediaId}/file`
}
