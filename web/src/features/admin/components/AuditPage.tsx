import { useInfiniteQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { AdminAuditRow } from '#contract/audit.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { useFormat } from '../../../lib/useFormat.ts'
import { Button, buttonClass } from '../../../ui/Button.tsx'
import { PageHeader } from '../../../ui/Card.tsx'
import { DataTable, rowLinkClass, type Column } from '../../../ui/DataTable.tsx'
import { EmptyState } from '../../../ui/EmptyState.tsx'
import { Icon } from '../../../ui/icons.tsx'
import { Loading } from '../../../ui/Loading.tsx'
import { Sheet } from '../../../ui/Sheet.tsx'
import { auditExportAddress, auditQuery } from '../api/audit.ts'
import { AUDIT_ACTIONS } from '../auditActions.ts'
import { filterOf, type AuditSearch } from '../auditSearch.ts'
import { AuditDetails } from './AuditDetails.tsx'
import { AuditFilters } from './AuditFilters.tsx'
import { useActionName } from './useActionName.ts'

type Props = {
  search: AuditSearch
  onSearch: (search: AuditSearch) => void
  /** Leads to the campaign that a row is about. */
  campaignLink: (campaignId: string) => ReactNode
}

/** Who did what, in all accounts, newest first. The filters stand in the address, so that a finding can be shared. */
export function AuditPage({ search, onSearch, campaignLink }: Props) {
  const { t } = useTranslation()
  const filter = filterOf(search, AUDIT_ACTIONS)
  const rows = useInfiniteQuery(auditQuery(filter))
  const [shown, setShown] = useState<AdminAuditRow | null>(null)
  const actionName = useActionName()
  const items = rows.data?.pages.flatMap((page) => page.items) ?? []
  const columns = useColumns(setShown)
  return (
    <>
      <PageHeader
        title={t('adminAudit.title')}
        lead={t('adminAudit.lead')}
        actions={
          <a href={auditExportAddress(filter)} download className={buttonClass({ look: 'secondary' })}>
            <Icon name="download" />
            {t('adminAudit.export')}
          </a>
        }
      />
      <AuditFilters search={search} onSearch={onSearch} />
      {rows.error !== null && <ErrorNotice error={rows.error} onRetry={() => void rows.refetch()} className="mb-4" />}
      {rows.isPending && <Loading label={t('common.loading')} />}
      {rows.isSuccess && items.length === 0 && (
        <EmptyState
          title={t('adminAudit.emptyTitle')}
          action={
            <Button look="secondary" onClick={() => onSearch({})}>
              {t('adminAudit.showAll')}
            </Button>
          }
        >
          {t('adminAudit.emptyText')}
        </EmptyState>
      )}
      {items.length > 0 && (
        <DataTable
          label={t('adminAudit.title')}
          columns={columns}
          rows={items}
          rowKey={(row) => row.id}
          hasMore={rows.hasNextPage}
          busy={rows.isFetchingNextPage}
          busyLabel={t('common.loading')}
          onEnd={() => void rows.fetchNextPage()}
        />
      )}
      <Sheet
        open={shown !== null}
        onClose={() => setShown(null)}
        title={shown === null ? '' : actionName(shown.action)}
        closeLabel={t('common.close')}
      >
        {shown !== null && <AuditDetails row={shown} campaignLink={campaignLink} />}
      </Sheet>
    </>
  )
}

function useColumns(onShow: (row: AdminAuditRow) => void): Column<AdminAuditRow>[] {
  const { t } = useTranslation()
  const format = useFormat()
  const actionName = useActionName()
  return [
    {
      key: 'action',
      header: t('adminAudit.what'),
      width: 'minmax(0,2fr)',
      phone: 'title',
      cell: (row) => (
        <button type="button" onClick={() => onShow(row)} className={`${rowLinkClass} text-left font-semibold`}>
          {actionName(row.action)}
        </button>
      ),
    },
    {
      key: 'who',
      header: t('adminAudit.who'),
      width: 'minmax(0,1.5fr)',
      cell: (row) => <bdi className="break-words">{row.userName ?? t('adminAudit.nobody')}</bdi>,
    },
    { key: 'at', header: t('adminAudit.at'), width: '12.5rem', cell: (row) => format.instant(row.at) },
    {
      key: 'address',
      header: t('adminAudit.address'),
      width: 'minmax(0,1fr)',
      cell: (row) => <span className="tabular break-all">{row.address ?? '—'}</span>,
    },
  ]
}
