import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ContactImport } from '#contract/imports.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import { importQuery } from './getImport.ts'
import { importsQuery } from './listImports.ts'

type Upload = { file: File; defaultCountry: string }

/** Sends a file. `share` is how much of it has left, 0 to 1. */
export function useUploadImport(onSuccess: (contactImport: ContactImport) => void) {
  const client = useQueryClient()
  const [share, setShare] = useState(0)
  const mutation = useMutation({
    mutationFn: ({ file, defaultCountry }: Upload) => {
      setShare(0)
      const form = new FormData()
      // The server reads the form as it arrives: the country must be known before the first row is.
      form.set('defaultCountry', defaultCountry)
      // Nothing becomes a contact before somebody has seen how the columns are read.
      form.set('preview', 'true')
      form.set('file', file)
      return apiClient.upload<ContactImport>('/api/user/imports', form, setShare)
    },
    onSuccess: (contactImport) => {
      client.setQueryData(importQuery(contactImport.id).queryKey, contactImport)
      void client.invalidateQueries({ queryKey: importsQuery.queryKey, exact: true })
      onSuccess(contactImport)
    },
  })
  return { ...mutation, share }
}
