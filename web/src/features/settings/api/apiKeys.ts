import { infiniteQueryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { ApiKey, CreatedApiKey } from '#contract/auth.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import type { Page } from '../../../lib/Page.ts'

const PATH = '/api/user/api-keys'
const apiKeysKey = ['api-keys']

export const apiKeysQuery = infiniteQueryOptions({
  queryKey: apiKeysKey,
  queryFn: ({ pageParam, signal }) => apiClient.get<Page<ApiKey>>(PATH, { query: { cursor: pageParam }, signal }),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (last) => last.nextCursor ?? undefined,
})

/** Makes a key. Its answer is the only one that shows it, so it is kept by the page that asked and nowhere else. */
export function useCreateApiKey(onSuccess: (created: CreatedApiKey) => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ name, idempotencyKey }: { name: string; idempotencyKey: string }) =>
      apiClient.post<CreatedApiKey>(PATH, { name }, { idempotencyKey }),
    gcTime: 0,
    onSuccess: (created) => {
      void client.invalidateQueries({ queryKey: apiKeysKey })
      onSuccess(created)
    },
  })
}

export function useRevokeApiKey(onSuccess: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => apiClient.delete(`${PATH}/${id}`),
    onSuccess,
    onSettled: () => client.invalidateQueries({ queryKey: apiKeysKey }),
  })
}
