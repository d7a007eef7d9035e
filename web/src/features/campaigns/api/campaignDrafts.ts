import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { CampaignDraft, CampaignDraftSummary } from '#contract/campaignDrafts.ts'
import { ApiError } from '../../../lib/ApiError.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import type { Page } from '../../../lib/Page.ts'

const PATH = '/api/user/campaign-drafts'

/** Unfinished campaigns, the one begun last first: as many as the server tells at once. */
export const draftsQuery = queryOptions({
  queryKey: ['campaign-drafts'],
  queryFn: async ({ signal }) => (await apiClient.get<Page<CampaignDraftSummary>>(PATH, { signal })).items,
})

/** All of them, page by page. */
export const draftPagesQuery = infiniteQueryOptions({
  queryKey: [...draftsQuery.queryKey, 'pages'],
  queryFn: ({ pageParam, signal }) =>
    apiClient.get<Page<CampaignDraftSummary>>(PATH, { query: { limit: 20, cursor: pageParam }, signal }),
  select: ({ pages }) => pages.flatMap((page) => page.items),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (last: Page<CampaignDraftSummary>) => last.nextCursor ?? undefined,
})

/** Throws a draft away; `mutate` takes its id. One that is gone already is as good. */
export function useDeleteDraft(onSuccess?: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => draftStore.remove(id),
    onSuccess,
    onSettled: () => client.invalidateQueries({ queryKey: draftsQuery.queryKey }),
  })
}

/** Where drafts are kept: the server, as the page needs it. */
export const draftStore = {
  /** Null where there is none: not saved yet, sent or deleted. Throws `ApiError`. */
  async find(id: string): Promise<CampaignDraft | null> {
    try {
      return await apiClient.get<CampaignDraft>(`${PATH}/${id}`)
    } catch (error) {
      if (error instanceof ApiError && error.code === 'NOT_FOUND') return null
      throw error
    }
  },
  /** The new revision. Throws `ApiError`; CONFLICT where something newer is stored. */
  async save(id: string, data: object, revision: number): Promise<number> {
    return (await apiClient.put<{ revision: number }>(`${PATH}/${id}`, { data, revision })).revision
  },
  async remove(id: string): Promise<void> {
    await apiClient.delete<undefined>(`${PATH}/${id}`).catch((error: unknown) => {
      if (!(error instanceof ApiError && error.code === 'NOT_FOUND')) throw error
    })
  },
}
export type DraftStore = typeof draftStore
