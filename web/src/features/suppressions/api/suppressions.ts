import { infiniteQueryOptions, useMutation, useQueryClient, type QueryClient } from '@tanstack/react-query'
import type {
  AddedSuppressions,
  AddSuppressionsBody,
  ImportedSuppressions,
  ReleaseBody,
  Suppression,
  SuppressionReason,
} from '#contract/suppressions.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import type { Page } from '../../../lib/Page.ts'

const PATH = '/api/user/suppressions'
const KEY = ['suppressions']

/** Where the whole list comes from, as CSV. */
export const SUPPRESSIONS_CSV = `${PATH}/export.csv`

/** Newest first, a page at a time. The list may be long, so another visit begins anew and nothing is asked again between. */
export const suppressionsQuery = infiniteQueryOptions({
  queryKey: KEY,
  queryFn: ({ pageParam, signal }) =>
    apiClient.get<Page<Suppression>>(PATH, { query: { limit: 100, cursor: pageParam }, signal }),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (last) => last.nextCursor ?? undefined,
  staleTime: Infinity,
  gcTime: 0,
})

function reload(client: QueryClient): Promise<void> {
  return client.resetQueries({ queryKey: KEY })
}

export function useAddSuppressions(onSuccess: (added: AddedSuppressions) => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: AddSuppressionsBody) => apiClient.post<AddedSuppressions>(PATH, body),
    onSuccess: (added) => {
      void reload(client)
      onSuccess(added)
    },
  })
}

export function useRemoveSuppression(onSuccess: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (suppressionId: string) => apiClient.delete<undefined>(`${PATH}/${suppressionId}`),
    onSuccess: (_, suppressionId) => {
      client.setQueryData(suppressionsQuery.queryKey, (data) =>
        data === undefined
          ? undefined
          : {
              ...data,
              pages: data.pages.map((page) => ({
                ...page,
                items: page.items.filter(({ id }) => id !== suppressionId),
              })),
            },
      )
      onSuccess()
    },
  })
}

type ListUpload = { file: File; reason: Exclude<SuppressionReason, 'erased'>; note: string; defaultCountry: string }

/** A file of numbers; `reason` holds for lines that name none. */
export function useImportSuppressions() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ file, reason, note, defaultCountry }: ListUpload) => {
      const form = new FormData()
      form.set('reason', reason)
      if (note.trim() !== '') form.set('note', note.trim())
      form.set('defaultCountry', defaultCountry)
      form.set('file', file)
      return apiClient.upload<ImportedSuppressions>(`${PATH}/import`, form, () => undefined)
    },
    onSuccess: () => reload(client),
  })
}

/** Somebody who was erased agreed anew. */
export function useRelease(onSuccess: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: ReleaseBody) => apiClient.post<{ id: string }>(`${PATH}/release`, body),
    onSuccess: () => {
      void reload(client)
      onSuccess()
    },
  })
}
