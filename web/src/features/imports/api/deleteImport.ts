import { useMutation, useQueryClient } from '@tanstack/react-query'
import { apiClient } from '../../../lib/apiClient.ts'
import { forgetMapping } from '../mapping/useMappingDraft.ts'
import { importsQuery } from './listImports.ts'

export function useDeleteImport(onSuccess: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (importId: string) => apiClient.delete<undefined>(`/api/user/imports/${importId}`),
    onSuccess: async (_, importId) => {
      forgetMapping(importId)
      await client.invalidateQueries({ queryKey: importsQuery.queryKey, exact: true })
      onSuccess()
    },
  })
}
