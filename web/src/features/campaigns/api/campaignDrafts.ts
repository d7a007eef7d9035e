import { queryOptions } from '@tanstack/react-query'
import type { CampaignDraft, CampaignDraftSummary } from '#contract/campaignDrafts.ts'
import { ApiError } from '../../../lib/ApiError.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import type { Page } from '../../../lib/Page.ts'

const PATH = '/api/user/campaign-drafts'

/** Unfinished campaigns, the one touched last first. */
export const draftsQuery = queryOptions({
  queryKey: ['campaign-drafts'],
  queryFn: async ({ signal }) => (await apiClient.get<Page<CampaignDraftSummary>>(PATH, { signal })).items,
})

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
