import { queryOptions } from '@tanstack/react-query'
import type { ContactImport } from '#contract/imports.ts'
import { apiClient } from '../../../lib/apiClient.ts'

/** One file; asked again every second while something happens to it. */
export function importQuery(importId: string) {
  return queryOptions({
    queryKey: ['imports', importId],
    queryFn: ({ signal }) => apiClient.get<ContactImport>(`/api/user/imports/${importId}`, { signal }),
    refetchInterval: ({ state }) => (state.data !== undefined && isStill(state.data) ? false : 1000),
  })
}

export function hasEnded({ status }: ContactImport): boolean {
  return status !== 'uploading' && status !== 'preview' && status !== 'running' && status !== 'undoing'
}

/** Nothing happens to it by itself: it has ended, or it waits for somebody to say how its columns are read. */
export function isStill(contactImport: ContactImport): boolean {
  return contactImport.status === 'preview' || hasEnded(contactImport)
}

/** Where the refused or noticed rows of a file come from, as CSV. */
export function importCsvUrl(importId: string, which: 'rejected' | 'warnings'): string {
  return `/api/user/imports/${importId}/${which}.csv`
}
