import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { FrequencyCap } from '#contract/frequencyCap.ts'
import { apiClient } from '../../../lib/apiClient.ts'

const PATH = '/api/user/frequency-cap'
type AccountCap = { frequencyCap: FrequencyCap | null }

export const frequencyCapQuery = queryOptions({
  queryKey: ['frequency-cap'],
  queryFn: ({ signal }) => apiClient.get<AccountCap>(PATH, { signal }),
})

/** Sets how often one person may be written to; null takes the cap away. */
export function useSaveFrequencyCap(onSuccess: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (frequencyCap: FrequencyCap | null) => apiClient.put<AccountCap>(PATH, { frequencyCap }),
    onSuccess: (saved) => {
      client.setQueryData(frequencyCapQuery.queryKey, saved)
      onSuccess()
    },
  })
}
