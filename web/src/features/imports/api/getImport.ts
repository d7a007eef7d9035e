import { queryOptions } from '@tanstack/react-query'
import type { ContactImport } from '#contract/imports.ts'
import { apiClient } from '../../../lib/apiClient.ts'

/** One file; asked again every second until it has ended. */
export function importQuery(importId: string) {
  return queryOptions({
    queryKey: ['imports', importId],
    queryFn: ({ signal }) => apiClient.get<ContactImport>(`/api/user/imports/${importId}`, { signal }),
    refetchInterval: ({ state }) => (state.data !== undefined && hasEnded(state.data) ? false : 1000),
  })
}

export function hasEnded({ status }: ContactImport): boolean {
  return status !== 'uploading' && status !== 'preview' && status !== 'running' && status !== 'undoing'
}

/** Where the refused or noticed rows of a file come from, as CSV. */
export function importCsvUrl(importId: string, which: 'rejected' | 'warnings'): string {
  return `/api/user/imports/${importId}/${which}.csv`
}
