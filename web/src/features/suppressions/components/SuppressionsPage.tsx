import { useInfiniteQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Suppression, SuppressionReason } from '#contract/suppressions.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { formatPhone } from '../../../lib/formatPhone.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { Button } from '../../../ui/Button.tsx'
import { Badge, PageHeader, type Tone } from '../../../ui/Card.tsx'
import { DataTable, type Column } from '../../../ui/DataTable.tsx'
import { EmptyState } from '../../../ui/EmptyState.tsx'
import { Menu } from '../../../ui/Menu.tsx'
import { SkeletonList } from '../../../ui/Skeleton.tsx'
import { SUPPRESSIONS_CSV, suppressionsQuery } from '../api/suppressions.ts'
import { AddSuppressionDialog } from './AddSuppressionDialog.tsx'
import { ImportSuppressionsDialog } from './ImportSuppressionsDialog.tsx'
import { ReleaseDialog } from './ReleaseDialog.tsx'
import { RemoveSuppressionDialog } from './RemoveSuppressionDialog.tsx'

type Open = 'add' | 'import' | 'release' | Suppression

/** Whom nothing is sent to, and why. */
export function SuppressionsPage({ userId }: { userId: string }) {
  const { t } = useTranslation()
  const list = useInfiniteQuery(suppressionsQuery)
  const [open, setOpen] = useState<Open | null>(null)
  const close = () => setOpen(null)
  const columns = useColumns(setOpen)
  const rows = list.data?.pages.flatMap((page) => page.items) ?? []
  const add = (
    <Button icon="plus" onClick={() => setOpen('add')}>
      {t('suppressions.add')}
    </Button>
  )
  return (
    <>
      <PageHeader
        title={t('suppressions.title')}
        lead={t('suppressions.lead')}
        actions={
          <>
            <Menu
              label={t('suppressions.more')}
              text={t('suppressions.file')}
              items={[
                { label: t('suppressions.import'), icon: 'upload', onSelect: () => setOpen('import') },
                {
                  label: t('suppressions.export'),
                  icon: 'download',
                  link: <a href={SUPPRESSIONS_CSV} download aria-label={t('suppressions.export')} />,
                },
                { label: t('suppressions.release'), separated: true, onSelect: () => setOpen('release') },
              ]}
            />
            {add}
          </>
        }
      />
      {list.isPending && <SkeletonList label={t('common.loading')} />}
      {list.error !== null && <ErrorNotice error={list.error} onRetry={() => void list.refetch()} className="mb-4" />}
      {list.isSuccess && rows.length === 0 && (
        <EmptyState title={t('suppressions.emptyTitle')}>{t('suppressions.emptyText')}</EmptyState>
      )}
      {rows.length > 0 && (
        <DataTable
          label={t('suppressions.title')}
          columns={columns}
          rows={rows}
          rowKey={({ id }) => id}
          hasMore={list.hasNextPage}
          busy={list.isFetchingNextPage}
          busyLabel={t('common.loading')}
          onEnd={() => void list.fetchNextPage()}
        />
      )}
      {open === 'add' && <AddSuppressionDialog userId={userId} onClose={close} />}
      {open === 'import' && <ImportSuppressionsDialog onClose={close} />}
      {open === 'release' && <ReleaseDialog onClose={close} />}
      {typeof open === 'object' && open !== null && <RemoveSuppressionDialog suppression={open} onClose={close} />}
    </>
  )
}

const TONES: Record<SuppressionReason, Tone> = {
  opted_out: 'info',
  complained: 'warn',
  manual: 'neutral',
  erased: 'neutral',
}

function useColumns(onRemove: (suppression: Suppression) => void): Column<Suppression>[] {
  const { t } = useTranslation()
  const format = useFormat()
  return useMemo(
    () => [
      {
        key: 'phone',
        header: t('contacts.phone'),
        width: 'minmax(0,1fr)',
        cell: ({ phone }) =>
          phone === null ? (
            <span className="text-ink-soft">{t('suppressions.erasedPerson')}</span>
          ) : (
            <span className="tabular font-medium">{formatPhone(phone)}</span>
          ),
      },
      {
        key: 'reason',
        header: t('suppressions.reason'),
        width: '11rem',
        cell: ({ reason }) => <Badge tone={TONES[reason]}>{t(`suppressions.reasons.${reason}`)}</Badge>,
      },
      {
        key: 'note',
        header: t('suppressions.note'),
        width: 'minmax(0,1.4fr)',
        cell: ({ note }) => (
          <span dir="auto" className="text-sm">
            {note ?? '—'}
          </span>
        ),
      },
      {
        key: 'createdAt',
        header: t('suppressions.since'),
        width: '9rem',
        cell: ({ createdAt }) => <span className="text-sm text-ink-soft">{format.date(new Date(createdAt))}</span>,
      },
      {
        key: 'remove',
        header: t('suppressions.actions'),
        width: '7rem',
        align: 'end',
        phone: 'side',
        cell: (row) =>
          row.phone === null ? null : (
            <Button
              look="quiet"
              size="small"
              aria-label={t('suppressions.removeNamed', { phone: formatPhone(row.phone) })}
              onClick={() => onRemove(row)}
            >
              {t('suppressions.remove')}
            </Button>
          ),
      },
    ],
    [t, format, onRemove],
  )
}
