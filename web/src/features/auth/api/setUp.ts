import { useMutation } from '@tanstack/react-query'
import type { Me, SetupBody } from '#contract/auth.ts'
import { apiClient } from '../../../lib/apiClient.ts'

/** Makes the first administrator and leaves them signed in. */
export function useSetUp(onSuccess: (me: Me) => void) {
  return useMutation({
    mutationFn: (body: SetupBody) => apiClient.post<Me>('/api/setup', body),
    // The body holds a password: it must not stay in the cache of mutations.
    gcTime: 0,
    onSuccess,
  })
}
