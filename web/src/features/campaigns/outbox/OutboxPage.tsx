import { useInfiniteQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { CampaignSummary } from '#contract/campaigns.ts'
import type { CampaignStatus } from '#contract/states.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { Button } from '../../../ui/Button.tsx'
import { PageHeader } from '../../../ui/Card.tsx'
import { CursorPager } from '../../../ui/CursorPager.tsx'
import { EmptyState } from '../../../ui/EmptyState.tsx'
import { SelectField } from '../../../ui/fields.tsx'
import { SkeletonList } from '../../../ui/Skeleton.tsx'
import { Tabs } from '../../../ui/Tabs.tsx'
import { draftPagesQuery } from '../api/campaignDrafts.ts'
import { campaignsQuery, statusesOf } from '../api/listCampaigns.ts'
import { OUTBOX_VIEWS, type OutboxView } from '../outboxViews.ts'
import { CampaignRow } from './CampaignRow.tsx'
import { ComparePanel } from './ComparePanel.tsx'
import { KeptDrafts, type DraftLink } from './KeptDrafts.tsx'

export type OutboxFilter = { view: OutboxView; status: CampaignStatus | undefined }

type Props = {
  filter: OutboxFilter
  onFilter: (filter: OutboxFilter) => void
  /** Links, made by the app, which alone knows the addresses. */
  newLink: ReactNode
  titleOf: (campaign: CampaignSummary) => ReactNode
  draftLink: DraftLink
  compareLink: (ids: readonly string[], text: string) => ReactNode
  onOpen: (campaignId: string) => void
}

/** Everything that went out, goes out or will: in five views, kept in the address. */
export function OutboxPage({ filter, onFilter, newLink, titleOf, draftLink, compareLink, onOpen }: Props) {
  const { t } = useTranslation()
  const { view, status } = filter
  const [compared, setCompared] = useState<ReadonlySet<string>>(new Set())
  const campaigns = useInfiniteQuery(campaignsQuery(view, status))
  const items = campaigns.data ?? []
  const kept = useInfiniteQuery({ ...draftPagesQuery, enabled: view === 'drafts' })
  const drafts = view === 'drafts' ? (kept.data ?? []) : []
  const noDrafts = view !== 'drafts' || (kept.isSuccess && drafts.length === 0)
  const isEmpty = campaigns.isSuccess && items.length === 0 && !campaigns.hasNextPage && noDrafts
  const hasNone = isEmpty && view === 'all' && status === undefined
  return (
    <>
      <PageHeader
        title={t('campaigns.title')}
        lead={t('campaigns.lead')}
        actions={campaigns.isPending || hasNone ? undefined : newLink}
      />
      <Tabs
        label={t('outbox.views')}
        value={view}
        onChange={(next) => onFilter({ view: next, status: undefined })}
        tabs={OUTBOX_VIEWS.map((value) => ({ value, label: t(`outbox.view.${value}`) }))}
      >
        {statusesOf(view).length > 0 && !hasNone && <StatusFilter filter={filter} onFilter={onFilter} />}
        {campaigns.error !== null && (
          <ErrorNotice error={campaigns.error} onRetry={() => void campaigns.refetch()} className="mb-4" />
        )}
        {view === 'drafts' && kept.error !== null && (
          <ErrorNotice error={kept.error} onRetry={() => void kept.refetch()} className="mb-4" />
        )}
        {(campaigns.isPending || kept.isLoading) && <SkeletonList label={t('common.loading')} />}
        {hasNone && (
          <EmptyState title={t('campaigns.emptyTitle')} action={newLink}>
            {t('campaigns.emptyText')}
          </EmptyState>
        )}
        {isEmpty && !hasNone && (
          <NothingHere filter={filter} newLink={newLink} onAll={() => onFilter({ view: 'all', status: undefined })} />
        )}
        {drafts.length > 0 && (
          <>
            <KeptDrafts drafts={drafts} linkTo={draftLink} />
            <CursorPager
              moreLabel={t('common.more')}
              hasMore={kept.hasNextPage}
              busy={kept.isFetchingNextPage}
              onMore={() => void kept.fetchNextPage()}
            />
            {items.length > 0 && <h2 className="mb-3 text-lg font-semibold">{t('keptDrafts.asCampaigns')}</h2>}
          </>
        )}
        <ul className="flex flex-col gap-3">
          {items.map((campaign) => (
            <li key={campaign.id}>
              <CampaignRow
                campaign={campaign}
                title={titleOf(campaign)}
                compared={compared.has(campaign.id)}
                onCompare={(on) => setCompared((known) => withId(known, campaign.id, on))}
                onOpen={onOpen}
              />
            </li>
          ))}
        </ul>
        <CursorPager
          moreLabel={t('common.more')}
          hasMore={campaigns.hasNextPage}
          busy={campaigns.isFetchingNextPage}
          onMore={() => void campaigns.fetchNextPage()}
        />
      </Tabs>
      <ComparePanel ids={[...compared]} link={compareLink} onClear={() => setCompared(new Set())} />
    </>
  )
}

function withId(known: ReadonlySet<string>, id: string, on: boolean): ReadonlySet<string> {
  const next = new Set(known)
  if (on) next.add(id)
  else next.delete(id)
  return next
}

function StatusFilter({ filter, onFilter }: Pick<Props, 'filter' | 'onFilter'>) {
  const { t } = useTranslation()
  const statuses = statusesOf(filter.view)
  return (
    <SelectField
      label={t('campaigns.filter')}
      className="mb-4 max-w-60"
      value={filter.status ?? ''}
      onChange={(event) => onFilter({ ...filter, status: statuses.find((known) => known === event.target.value) })}
    >
      <option value="">{t('campaigns.allStates')}</option>
      {statuses.map((known) => (
        <option key={known} value={known}>
          {t(`campaigns.status.${known}`)}
        </option>
      ))}
    </SelectField>
  )
}

type NothingProps = { filter: OutboxFilter; newLink: ReactNode; onAll: () => void }

function NothingHere({ filter: { view, status }, newLink, onAll }: NothingProps) {
  const { t } = useTranslation()
  if (view === 'drafts')
    return (
      <EmptyState title={t('keptDrafts.emptyTitle')} action={newLink}>
        {t('keptDrafts.emptyText')}
      </EmptyState>
    )
  const title =
    status === undefined
      ? t('outbox.emptyView', { view: t(`outbox.view.${view}`) })
      : t('campaigns.noneOfState', { state: t(`campaigns.status.${status}`) })
  return (
    <EmptyState
      title={title}
      action={
        <Button look="secondary" onClick={onAll}>
          {t('campaigns.showAll')}
        </Button>
      }
    />
  )
}
