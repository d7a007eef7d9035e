import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { ImportPreview } from '#contract/imports.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import type { MappingDraft } from '../mapping/useMappingDraft.ts'

/**
 * How a file that waits would be read. The server allows few of these a minute, so it is asked again only for what
 * changes the outcome of a row: where phone and name stand, the country, the sheet.
 */
export function previewQuery(importId: string, { mapping, defaultCountry, sheet }: MappingDraft) {
  const given = mapping === undefined ? undefined : { ...mapping, leftOut: [], renamed: [] }
  const choice = { mapping: given, defaultCountry, sheet }
  return queryOptions({
    queryKey: ['imports', importId, 'preview', choice],
    queryFn: ({ signal }) => apiClient.post<ImportPreview>(`/api/user/imports/${importId}/preview`, choice, { signal }),
    placeholderData: keepPreviousData,
    enabled: given === undefined || given.phoneColumns.length > 0,
    staleTime: Infinity,
    retry: false,
  })
}
