import { infiniteQueryOptions } from '@tanstack/react-query'
import type { AdminAuditRow, AuditFilter } from '#contract/audit.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import type { Page } from '../../../lib/Page.ts'

const PATH = '/api/admin/audit'

/** What happened in all accounts, newest first. */
export function auditQuery(filter: AuditFilter) {
  return infiniteQueryOptions({
    queryKey: ['admin', 'audit', filter],
    queryFn: ({ pageParam, signal }) =>
      apiClient.get<Page<AdminAuditRow>>(PATH, { query: { ...filter, cursor: pageParam }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
  })
}

/** The same as a file; the server notes who took it. */
export function auditExportAddress(filter: AuditFilter): string {
  const query = new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== undefined))
  return query.size === 0 ? `${PATH}/export` : `${PATH}/export?${query}`
}
