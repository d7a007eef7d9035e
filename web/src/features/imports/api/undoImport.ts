import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ContactImport } from '#contract/imports.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import { importQuery } from './getImport.ts'
import { importsQuery } from './listImports.ts'

/** Takes out of the contacts what an import has put there; goes on in the background. */
export function useUndoImport(onSuccess: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (importId: string) => apiClient.post<ContactImport>(`/api/user/imports/${importId}/undo`),
    onSuccess: async (started) => {
      client.setQueryData(importQuery(started.id).queryKey, started)
      await client.invalidateQueries({ queryKey: importsQuery.queryKey, exact: true })
      onSuccess()
    },
  })
}
