import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { CampaignDetails } from '#contract/campaigns.ts'
import type { RecipientStatus } from '#contract/states.ts'
import { ApiError } from '../../../lib/ApiError.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { useFormat } from '../../../lib/useFormat.ts'
import { PageHeader } from '../../../ui/Card.tsx'
import { SkeletonList } from '../../../ui/Skeleton.tsx'
import { Tabs } from '../../../ui/Tabs.tsx'
import { campaignQuery } from '../api/getCampaign.ts'
import { CAMPAIGN_TABS, type CampaignTab } from '../campaignTabs.ts'
import { PeopleTab } from '../people/PeopleTab.tsx'
import { SettingsTab } from '../settings/SettingsTab.tsx'
import { TrailTab } from '../trail/TrailTab.tsx'
import type { BucketLink } from './BooksLegend.tsx'
import { CampaignMenu } from './CampaignMenu.tsx'
import { CampaignPlan } from './CampaignPlan.tsx'
import { CampaignProgressMonitor } from './CampaignProgressMonitor.tsx'

// Charts are most of its code: they come when somebody looks at a report.
const ReportTab = lazy(() => import('../report/ReportTab.tsx'))

export type CampaignPageProps = {
  campaignId: string
  tab: CampaignTab
  onTab: (tab: CampaignTab) => void
  /** The state whose people are shown. */
  state: RecipientStatus | undefined
  onState: (state: RecipientStatus | undefined) => void
  backLink: ReactNode
  bucketLink: BucketLink
  onOpen: (campaignId: string) => void
  onDeleted: () => void
  /** Begins a new campaign with this import. */
  onNewWith: (importId: string) => void
}

/** One campaign: what it is doing, its people, its report, what may change, and who did what. */
export function CampaignPage(props: CampaignPageProps) {
  const { campaignId, tab, onTab, backLink, onOpen, onDeleted } = props
  const { t } = useTranslation()
  const campaign = useQuery(campaignQuery(campaignId))
  const isGone = campaign.error instanceof ApiError && campaign.error.code === 'NOT_FOUND'
  return (
    <>
      {backLink}
      <PageHeader
        title={campaign.data?.name ?? t('monitor.title')}
        lead={campaign.data && <Lead campaign={campaign.data} />}
        actions={campaign.data && <CampaignMenu campaign={campaign.data} onOpen={onOpen} onDeleted={onDeleted} named />}
      />
      {campaign.error !== null && (
        <ErrorNotice error={campaign.error} onRetry={() => void campaign.refetch()} className="mb-4" />
      )}
      {!isGone && (
        <Tabs
          label={t('campaign.views')}
          value={tab}
          onChange={onTab}
          tabs={CAMPAIGN_TABS.map((value) => ({ value, label: t(`campaign.tab.${value}`) }))}
        >
          <Panel {...props} campaign={campaign.data} />
        </Tabs>
      )}
    </>
  )
}

function Lead({ campaign: { channelName, status, scheduledAt, timeZone } }: { campaign: CampaignDetails }) {
  const { t } = useTranslation()
  const format = useFormat()
  if (status !== 'scheduled' || scheduledAt === null) return channelName
  return `${channelName} · ${t('campaign.startsAt', { at: format.instantIn(scheduledAt, timeZone) })}`
}

type PanelProps = CampaignPageProps & { campaign: CampaignDetails | undefined }

function Panel({ campaign, campaignId, tab, state, onState, bucketLink, onOpen, onNewWith }: PanelProps) {
  const { t } = useTranslation()
  if (tab === 'progress')
    return (
      <>
        <CampaignProgressMonitor campaignId={campaignId} bucketLink={bucketLink} />
        {campaign !== undefined && <CampaignPlan campaign={campaign} />}
      </>
    )
  if (tab === 'report')
    return (
      <Suspense fallback={<SkeletonList label={t('common.loading')} />}>
        <ReportTab campaignId={campaignId} bucketLink={bucketLink} onOpen={onOpen} />
      </Suspense>
    )
  if (tab === 'trail') return <TrailTab campaignId={campaignId} />
  if (campaign === undefined) return <SkeletonList label={t('common.loading')} />
  return tab === 'people' ? (
    <PeopleTab campaign={campaign} state={state} onState={onState} onOpen={onOpen} onNewWith={onNewWith} />
  ) : (
    <SettingsTab campaign={campaign} />
  )
}
