import { infiniteQueryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { AdminUser, ChangeUserBody, CreateUserBody } from '#contract/auth.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import type { Page } from '../../../lib/Page.ts'

const PATH = '/api/admin/users'
const usersKey = ['admin', 'users']

/** Everybody who has an account here, newest first. */
export const usersQuery = infiniteQueryOptions({
  queryKey: usersKey,
  queryFn: ({ pageParam, signal }) => apiClient.get<Page<AdminUser>>(PATH, { query: { cursor: pageParam }, signal }),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (last) => last.nextCursor ?? undefined,
})

type Creation = { body: CreateUserBody; idempotencyKey: string }

/** Makes an account. The body holds a password, so it does not stay in the cache of mutations. */
export function useCreateUser(onSuccess: (user: AdminUser) => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ body, idempotencyKey }: Creation) => apiClient.post<AdminUser>(PATH, body, { idempotencyKey }),
    gcTime: 0,
    onSuccess: (user) => {
      void client.invalidateQueries({ queryKey: usersKey })
      onSuccess(user)
    },
  })
}

/** Role, name, password, disabled or not, second factor off. May hold a password, too. */
export function useChangeUser(id: string, onSuccess: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: ChangeUserBody) => apiClient.patch<AdminUser>(`${PATH}/${id}`, body),
    gcTime: 0,
    onSuccess,
    onSettled: () => client.invalidateQueries({ queryKey: usersKey }),
  })
}

/** Only an account that has nothing in it; otherwise USER_IN_USE. */
export function useDeleteUser(onSuccess: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => apiClient.delete(`${PATH}/${id}`),
    onSuccess,
    onSettled: () => client.invalidateQueries({ queryKey: usersKey }),
  })
}
