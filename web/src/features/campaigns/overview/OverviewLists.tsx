import { useTranslation } from 'react-i18next'
import type { CampaignSummary } from '#contract/campaigns.ts'
import type { RunningCampaign } from '#contract/overview.ts'
import { acceptedOf } from '#contract/states.ts'
import { formatTimeRemaining } from '#contract/timeRemaining.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { FlyingFlock } from '../../../ui/Flock.tsx'
import { decidedShare } from '../books.ts'
import { BooksBar } from '../components/BooksBar.tsx'
import { CampaignStatusBadge } from '../components/CampaignStatusBadge.tsx'
import { Part, type OverviewLinks } from './parts.tsx'

type Props<T> = { campaigns: readonly T[]; links: OverviewLinks }

/** What goes out at this moment, with the bar that adds up. */
export function RunningList({ campaigns, links }: Props<RunningCampaign>) {
  const { t } = useTranslation()
  return (
    <Part
      title={t('overview.running')}
      aside={campaigns.length > 0 && <FlyingFlock moving className="-my-2 h-10 w-16" />}
    >
      {campaigns.length === 0 && <p className="text-ink-soft">{t('overview.nothingRuns')}</p>}
      <ul className="flex flex-col gap-5">
        {campaigns.map((campaign) => (
          <li key={campaign.id}>
            <Running campaign={campaign} links={links} />
          </li>
        ))}
      </ul>
    </Part>
  )
}

function Running({ campaign, links }: { campaign: RunningCampaign; links: OverviewLinks }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { stats } = campaign
  const left = formatTimeRemaining(campaign.estimatedSecondsRemaining, format.language)
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <h3 className="min-w-0 font-semibold underline-offset-4 hover:underline">{links.campaign(campaign)}</h3>
        <p className="tabular text-sm text-ink-soft">
          {campaign.preparing ? t('campaigns.preparing') : (left ?? t('monitor.leftUnknown'))}
        </p>
      </div>
      <BooksBar stats={stats} className="h-3" />
      <p className="tabular flex flex-wrap gap-x-4 text-sm text-ink-soft">
        <span className="font-semibold text-ink">{format.percent(Math.floor(decidedShare(stats) * 1000) / 1000)}</span>
        <span>
          {t('overview.ofPeople', { done: format.number(acceptedOf(stats)), total: format.number(stats.total) })}
        </span>
        <span>{campaign.channelName}</span>
      </p>
    </div>
  )
}

/** What begins by itself, and when. */
export function ScheduledList({ campaigns, links }: Props<CampaignSummary>) {
  const { t } = useTranslation()
  const format = useFormat()
  if (campaigns.length === 0) return null
  return (
    <Part title={t('overview.scheduled')}>
      <ul className="flex flex-col divide-y divide-line">
        {campaigns.map((campaign) => (
          <li key={campaign.id} className="flex flex-wrap justify-between gap-x-4 py-2.5 first:pt-0 last:pb-0">
            <span className="font-medium underline-offset-4 hover:underline">{links.campaign(campaign)}</span>
            <span className="tabular text-sm text-ink-soft">
              {campaign.scheduledAt !== null && format.instantIn(campaign.scheduledAt, campaign.timeZone)}
            </span>
          </li>
        ))}
      </ul>
    </Part>
  )
}

/** The last five that ended, and how. */
export function FinishedList({ campaigns, links }: Props<CampaignSummary>) {
  const { t } = useTranslation()
  const format = useFormat()
  if (campaigns.length === 0) return null
  return (
    <Part title={t('overview.finished')}>
      <ul className="flex flex-col divide-y divide-line">
        {campaigns.map((campaign) => (
          <li key={campaign.id} className="flex flex-col gap-1.5 py-3 first:pt-0 last:pb-0">
            <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
              <span className="font-medium underline-offset-4 hover:underline">{links.campaign(campaign)}</span>
              <CampaignStatusBadge status={campaign.status} preparing={campaign.preparing} />
            </div>
            <BooksBar stats={campaign.stats} className="h-2" />
            <p className="tabular text-sm text-ink-soft">
              {t('overview.ofPeople', {
                done: format.number(acceptedOf(campaign.stats)),
                total: format.number(campaign.stats.total),
              })}
              {campaign.finishedAt !== null && ` · ${format.when(campaign.finishedAt)}`}
            </p>
          </li>
        ))}
      </ul>
    </Part>
  )
}
