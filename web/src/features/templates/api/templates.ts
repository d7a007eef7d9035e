import {
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query'
import type { CampaignMessage } from '#contract/campaignMessages.ts'
import type { CreateTemplateBody, EditTemplateBody, Preview, PreviewBody, SavedTemplate } from '#contract/templates.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import { idempotencyKeys } from '../../../lib/idempotencyKeys.ts'
import type { Page } from '../../../lib/Page.ts'

const PATH = '/api/user/templates'
const LIST = ['templates', 'list']

/** Newest first, a page at a time. */
export const templatesQuery = infiniteQueryOptions({
  queryKey: LIST,
  queryFn: ({ pageParam, signal }) =>
    apiClient.get<Page<SavedTemplate>>(PATH, { query: { limit: 50, cursor: pageParam }, signal }),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (last) => last.nextCursor ?? undefined,
})

export function templateQuery(templateId: string) {
  return queryOptions({
    queryKey: ['templates', 'one', templateId],
    queryFn: ({ signal }) => apiClient.get<SavedTemplate>(`${PATH}/${templateId}`, { signal }),
  })
}

type Person = Pick<PreviewBody, 'contactIds' | 'sample'>

/** What messages become for one person, now. */
export function previewQuery(messages: CampaignMessage[] | null, person: Person) {
  return queryOptions({
    queryKey: ['templates', 'preview', messages, person],
    queryFn: ({ signal }) => apiClient.post<Preview>(`${PATH}/preview`, { messages, ...person }, { signal }),
    placeholderData: keepPreviousData,
    enabled: messages !== null,
    staleTime: 60_000,
  })
}

const creations = idempotencyKeys()

/** Saves under its id, or as a new one where there is none. */
export function useSaveTemplate(templateId: string | null, onSuccess: (saved: SavedTemplate) => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: CreateTemplateBody & EditTemplateBody) =>
      templateId === null
        ? apiClient.post<SavedTemplate>(PATH, body, { idempotencyKey: creations.keyFor(body) })
        : apiClient.patch<SavedTemplate>(`${PATH}/${templateId}`, body),
    onSuccess: (saved) => {
      creations.forget()
      client.setQueryData(templateQuery(saved.id).queryKey, saved)
      void client.invalidateQueries({ queryKey: LIST })
      onSuccess(saved)
    },
  })
}

export function useDeleteTemplate(onSuccess: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (templateId: string) => apiClient.delete<undefined>(`${PATH}/${templateId}`),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: LIST })
      onSuccess()
    },
  })
}
