import { useMutation, useQueryClient } from '@tanstack/react-query'
import { apiClient } from '../../../lib/apiClient.ts'
import { importsQuery } from './listImports.ts'

export function useDeleteImport(onSuccess: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (importId: string) => apiClient.delete<undefined>(`/api/user/imports/${importId}`),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: importsQuery.queryKey, exact: true })
      onSuccess()
    },
  })
}
