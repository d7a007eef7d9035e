import { queryOptions } from '@tanstack/react-query'
import type { Me } from '#contract/auth.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import { isSessionLost } from '../../../lib/errorHandler.ts'

/** Who is signed in; null when nobody is. */
export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => getMe(signal),
  staleTime: 5 * 60_000,
})

export async function getMe(signal?: AbortSignal): Promise<Me | null> {
  try {
    return await apiClient.get<Me>('/api/me', signal === undefined ? {} : { signal })
  } catch (error) {
    if (isSessionLost(error)) return null
    throw error
  }
}
