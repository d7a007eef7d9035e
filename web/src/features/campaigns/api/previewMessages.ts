import { queryOptions, skipToken } from '@tanstack/react-query'
import type { Preview, PreviewBody } from '#contract/templates.ts'
import { apiClient } from '../../../lib/apiClient.ts'

/** Messages as real people would get them, rendered by the server's own rules; null asks nothing. */
export function previewQuery(body: PreviewBody | null) {
  return queryOptions({
    queryKey: ['campaigns', 'preview', body],
    queryFn:
      body === null
        ? skipToken
        : ({ signal }) => apiClient.post<Preview>('/api/user/templates/preview', body, { signal }),
    staleTime: 30_000,
    gcTime: 30_000,
    retry: false,
  })
}
