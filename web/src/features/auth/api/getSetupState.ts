import { queryOptions } from '@tanstack/react-query'
import { apiClient } from '../../../lib/apiClient.ts'

/** Whether this installation still waits for its first administrator. */
export const setupStateQuery = queryOptions({
  queryKey: ['setup'],
  queryFn: ({ signal }) => apiClient.get<{ needed: boolean }>('/api/setup', { signal }),
})
