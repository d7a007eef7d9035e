import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { CampaignContact, CampaignDetails, CampaignProgress } from '#contract/campaigns.ts'
import { RECIPIENT_STATUSES, type RecipientStatus } from '#contract/states.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { formatPhone } from '../../../lib/formatPhone.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { cn } from '../../../ui/cn.ts'
import { DataTable, type Column } from '../../../ui/DataTable.tsx'
import { EmptyState } from '../../../ui/EmptyState.tsx'
import { SelectField } from '../../../ui/fields.tsx'
import { SkeletonList } from '../../../ui/Skeleton.tsx'
import { getProgress, progressKey } from '../api/getProgress.ts'
import { peopleQuery } from '../api/listPeople.ts'
import { STATE_COLOURS } from '../books.ts'
import { BucketActions } from './BucketActions.tsx'
import { useReason } from './useReason.ts'

type Props = {
  campaign: CampaignDetails
  state: RecipientStatus | undefined
  onState: (state: RecipientStatus | undefined) => void
  onOpen: (campaignId: string) => void
}

/** The books with their people: one state or all, each with its reason, and what can be done for that state. */
export function PeopleTab({ campaign, state, onState, onOpen }: Props) {
  const { t } = useTranslation()
  const people = useInfiniteQuery(peopleQuery(campaign.id, state))
  const { data: progress } = useQuery({
    queryKey: progressKey(campaign.id),
    queryFn: ({ signal }): Promise<CampaignProgress> => getProgress(campaign.id, signal),
  })
  const stats = progress?.stats ?? campaign.stats
  const rows = people.data ?? []
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-end justify-between gap-3">
        <StateFilter state={state} stats={stats} onState={onState} />
        <BucketActions campaign={{ ...campaign, ...progress, stats }} state={state} onOpen={onOpen} />
      </div>
      {people.error !== null && <ErrorNotice error={people.error} onRetry={() => void people.refetch()} />}
      {people.isPending && <SkeletonList label={t('common.loading')} />}
      {people.isSuccess && rows.length === 0 && <EmptyState title={t('people.empty')} />}
      {rows.length > 0 && (
        <PeopleTable
          rows={rows}
          total={state === undefined ? stats.total : stats[state]}
          hasMore={people.hasNextPage}
          busy={people.isFetchingNextPage}
          onEnd={() => void people.fetchNextPage()}
        />
      )}
    </div>
  )
}

type FilterProps = Pick<Props, 'state' | 'onState'> & { stats: CampaignDetails['stats'] }

function StateFilter({ state, stats, onState }: FilterProps) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <SelectField
      label={t('people.filter')}
      className="w-full max-w-72"
      value={state ?? ''}
      onChange={(event) => onState(RECIPIENT_STATUSES.find((known) => known === event.target.value))}
    >
      <option value="">{`${t('people.all')} (${format.number(stats.total)})`}</option>
      {RECIPIENT_STATUSES.filter((known) => stats[known] > 0 || known === state).map((known) => (
        <option key={known} value={known}>
          {`${t(`states.${known}`)} (${format.number(stats[known])})`}
        </option>
      ))}
    </SelectField>
  )
}

type TableProps = { rows: CampaignContact[]; total: number; hasMore: boolean; busy: boolean; onEnd: () => void }

function PeopleTable({ rows, total, hasMore, busy, onEnd }: TableProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const reasonOf = useReason()
  const columns: Column<CampaignContact>[] = [
    {
      key: 'person',
      header: t('people.person'),
      width: 'minmax(0,1.6fr)',
      cell: (row) => (
        <>
          <span className="block font-medium" dir="auto">
            {row.name ?? formatPhone(row.phone)}
          </span>
          {row.name !== null && <span className="tabular block text-sm text-ink-soft">{formatPhone(row.phone)}</span>}
        </>
      ),
    },
    { key: 'state', header: t('people.state'), width: '9.5rem', phone: 'side', cell: (row) => <State row={row} /> },
    { key: 'reason', header: t('people.reason'), width: 'minmax(0,2fr)', cell: (row) => reasonOf(row) ?? '–' },
    {
      key: 'attempts',
      header: t('people.attempts'),
      width: '6rem',
      align: 'end',
      phone: 'hidden',
      cell: (row) => row.attempts,
    },
    { key: 'at', header: t('people.at'), width: '9rem', cell: (row) => format.when(row.statusAt) },
  ]
  return (
    <DataTable
      label={t('people.title')}
      columns={columns}
      rows={rows}
      rowKey={(row) => String(row.contactId)}
      total={total}
      hasMore={hasMore}
      busy={busy}
      busyLabel={t('common.loading')}
      onEnd={onEnd}
    />
  )
}

function State({ row }: { row: CampaignContact }) {
  const { t } = useTranslation()
  return (
    <span className="inline-flex items-center gap-2 text-sm font-medium">
      <span aria-hidden="true" className={cn('h-2.5 w-2.5 shrink-0 rounded-full', STATE_COLOURS[row.status])} />
      {t(`states.${row.status}`)}
    </span>
  )
}
