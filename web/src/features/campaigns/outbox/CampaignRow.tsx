import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { CampaignSummary } from '#contract/campaigns.ts'
import { acceptedOf } from '#contract/states.ts'
import { useFormat, type Format } from '../../../lib/useFormat.ts'
import { cn } from '../../../ui/cn.ts'
import { BooksBar } from '../components/BooksBar.tsx'
import { CampaignMenu } from '../components/CampaignMenu.tsx'
import { CampaignStatusBadge } from '../components/CampaignStatusBadge.tsx'

type Props = {
  campaign: CampaignSummary
  title: ReactNode
  compared: boolean
  onCompare: (on: boolean) => void
  onOpen: (campaignId: string) => void
}

/** One campaign of the list: name, state, the small bar, and the three numbers that people look for. */
export function CampaignRow({ campaign, title, compared, onCompare, onOpen }: Props) {
  const { t } = useTranslation()
  const format = useFormat()
  const { stats } = campaign
  const line = (count: number) => ({ count, n: format.number(count) })
  return (
    <article
      className={cn(
        'relative flex flex-col gap-3 rounded-card border border-line bg-surface p-4 shadow-card transition-colors duration-(--quick) hover:border-primary sm:px-6',
        compared && 'border-primary bg-primary-soft',
      )}
    >
      <div className="flex items-start gap-3">
        {stats.total > 0 && (
          <label className="relative z-1 -m-2 flex h-11 w-9 shrink-0 items-center justify-center">
            <input
              type="checkbox"
              aria-label={t('outbox.compareNamed', { name: campaign.name })}
              checked={compared}
              onChange={(event) => onCompare(event.target.checked)}
              className="h-5 w-5 accent-(--primary)"
            />
          </label>
        )}
        <div className="flex min-w-0 flex-1 flex-wrap items-start justify-between gap-x-4 gap-y-2">
          <div className="min-w-0 max-md:w-full">
            <h2 className="text-lg font-semibold">{title}</h2>
            <p className="text-sm text-ink-soft">
              {campaign.channelName} · {timeOf(campaign, format)}
            </p>
          </div>
          <CampaignStatusBadge status={campaign.status} preparing={campaign.preparing} />
        </div>
        <div className="-my-2 -mr-2 shrink-0">
          <CampaignMenu campaign={campaign} onOpen={onOpen} />
        </div>
      </div>
      <BooksBar stats={stats} className="h-2.5" />
      <p className="tabular flex flex-wrap gap-x-4 gap-y-1 text-sm text-ink-soft">
        <span className="font-medium text-ink">{t('campaigns.people', line(stats.total))}</span>
        <span>{t('campaigns.acceptedCount', line(acceptedOf(stats)))}</span>
        {stats.failed > 0 && <span className="text-bad-text">{t('campaigns.failedCount', line(stats.failed))}</span>}
      </p>
      {campaign.status === 'paused' && campaign.pauseReason !== null && (
        <p className="text-sm text-warn-text">{t(`pause.${campaign.pauseReason}.title`)}</p>
      )}
    </article>
  )
}

/** When it will begin, in its own zone; else when it began, or was made. */
function timeOf({ status, scheduledAt, timeZone, startedAt, createdAt }: CampaignSummary, format: Format): string {
  if (status === 'scheduled' && scheduledAt !== null) return format.instantIn(scheduledAt, timeZone)
  return format.instant(startedAt ?? createdAt)
}
