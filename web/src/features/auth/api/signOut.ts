import { useMutation } from '@tanstack/react-query'
import { apiClient } from '../../../lib/apiClient.ts'

export function useSignOut(onSuccess: () => void) {
  return useMutation({ mutationFn: () => apiClient.post('/api/auth/sign-out'), onSuccess })
}
