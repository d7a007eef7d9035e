import { useInfiniteQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { CampaignSummary } from '#contract/campaigns.ts'
import { CAMPAIGN_STATUSES, type CampaignStatus } from '#contract/states.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { Button } from '../../../ui/Button.tsx'
import { PageHeader } from '../../../ui/Card.tsx'
import { EmptyState } from '../../../ui/EmptyState.tsx'
import { SelectField } from '../../../ui/fields.tsx'
import { Loading } from '../../../ui/Loading.tsx'
import { campaignsQuery } from '../api/listCampaigns.ts'
import { CampaignRow } from './CampaignRow.tsx'

type Props = {
  status: CampaignStatus | undefined
  onStatus: (status: CampaignStatus | undefined) => void
  /** Links, made by the app, which alone knows the addresses. */
  newLink: ReactNode
  titleOf: (campaign: CampaignSummary) => ReactNode
}

/** All campaigns, filtered by state. */
export function CampaignListPage({ status, onStatus, newLink, titleOf }: Props) {
  const { t } = useTranslation()
  const campaigns = useInfiniteQuery(campaignsQuery(status))
  const items = campaigns.data?.pages.flatMap((page) => page.items) ?? []
  const isEmpty = campaigns.isSuccess && items.length === 0
  const hasNone = isEmpty && status === undefined
  return (
    <>
      <PageHeader
        title={t('campaigns.title')}
        lead={t('campaigns.lead')}
        actions={campaigns.isPending || hasNone ? undefined : newLink}
      />
      {!hasNone && <StatusFilter status={status} onStatus={onStatus} />}
      {campaigns.error !== null && (
        <ErrorNotice error={campaigns.error} onRetry={() => void campaigns.refetch()} className="mb-4" />
      )}
      {campaigns.isPending && <Loading label={t('common.loading')} />}
      {hasNone && (
        <EmptyState title={t('campaigns.emptyTitle')} action={newLink}>
          {t('campaigns.emptyText')}
        </EmptyState>
      )}
      {isEmpty && status !== undefined && <NoneOfState status={status} onAll={() => onStatus(undefined)} />}
      <ul className="flex flex-col gap-3">
        {items.map((campaign) => (
          <li key={campaign.id}>
            <CampaignRow campaign={campaign} title={titleOf(campaign)} />
          </li>
        ))}
      </ul>
      {campaigns.hasNextPage && (
        <Button
          look="secondary"
          className="mt-4"
          busy={campaigns.isFetchingNextPage}
          onClick={() => void campaigns.fetchNextPage()}
        >
          {t('common.more')}
        </Button>
      )}
    </>
  )
}

function StatusFilter({ status, onStatus }: Pick<Props, 'status' | 'onStatus'>) {
  const { t } = useTranslation()
  return (
    <SelectField
      label={t('campaigns.filter')}
      className="mb-4 max-w-60"
      value={status ?? ''}
      onChange={(event) => onStatus(CAMPAIGN_STATUSES.find((known) => known === event.target.value))}
    >
      <option value="">{t('campaigns.allStates')}</option>
      {CAMPAIGN_STATUSES.map((known) => (
        <option key={known} value={known}>
          {t(`campaigns.status.${known}`)}
        </option>
      ))}
    </SelectField>
  )
}

function NoneOfState({ status, onAll }: { status: CampaignStatus; onAll: () => void }) {
  const { t } = useTranslation()
  return (
    <EmptyState
      title={t('campaigns.noneOfState', { state: t(`campaigns.status.${status}`) })}
      action={
        <Button look="secondary" onClick={onAll}>
          {t('campaigns.showAll')}
        </Button>
      }
    />
  )
}
