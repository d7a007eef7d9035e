import { queryOptions } from '@tanstack/react-query'
import type { ContactImport } from '#contract/imports.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import type { Page } from '../../../lib/Page.ts'

/** Finished files with people in them, newest first: those that a campaign can be made of. At most the newest 200. */
export const usableImportsQuery = queryOptions({
  queryKey: ['imports', 'usable'],
  queryFn: async ({ signal }) => {
    const { items } = await apiClient.get<Page<ContactImport>>('/api/user/imports', { query: { limit: 200 }, signal })
    return items.filter(({ status, accepted }) => status === 'completed' && accepted > 0)
  },
})
