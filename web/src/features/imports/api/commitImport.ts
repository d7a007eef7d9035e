import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ContactImport, ImportChoice } from '#contract/imports.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import { forgetMapping } from '../mapping/useMappingDraft.ts'
import { importQuery } from './getImport.ts'
import { importsQuery } from './listImports.ts'

/** Lets a file that waits be imported. */
export function useCommitImport(importId: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (choice: ImportChoice) => apiClient.post<ContactImport>(`/api/user/imports/${importId}/commit`, choice),
    onSuccess: (started) => {
      forgetMapping(importId)
      client.setQueryData(importQuery(importId).queryKey, started)
      return client.invalidateQueries({ queryKey: importsQuery.queryKey, exact: true })
    },
  })
}
