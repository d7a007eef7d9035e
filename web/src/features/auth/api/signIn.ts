import { useMutation } from '@tanstack/react-query'
import type { Me, SignInBody } from '#contract/auth.ts'
import { apiClient } from '../../../lib/apiClient.ts'

/** Starts a session and says whose it is. */
export function useSignIn(onSuccess: (me: Me) => void) {
  return useMutation({
    mutationFn: (body: SignInBody) => apiClient.post<Me>('/api/auth/sign-in', body),
    // The body is a password: it must not stay in the cache of mutations.
    gcTime: 0,
    onSuccess,
  })
}
