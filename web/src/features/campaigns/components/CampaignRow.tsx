import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { CampaignSummary } from '#contract/campaigns.ts'
import { acceptedOf } from '#contract/states.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { BooksBar } from './BooksBar.tsx'
import { CampaignStatusBadge } from './CampaignStatusBadge.tsx'

/** One campaign of the list: name, state, the small bar, and the three numbers that people look for. */
export function CampaignRow({ campaign, title }: { campaign: CampaignSummary; title: ReactNode }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { stats } = campaign
  const line = (count: number) => ({ count, n: format.number(count) })
  return (
    <article className="relative flex flex-col gap-3 rounded-card border border-line bg-surface p-4 shadow-card transition-colors duration-(--quick) hover:border-primary sm:px-6">
      <div className="flex items-start justify-between gap-3">
        <div className="min-w-0 flex-1">
          <h2 className="text-lg font-semibold">{title}</h2>
          <p className="text-sm text-ink-soft">
            {campaign.channelName} · {format.instant(campaign.startedAt ?? campaign.createdAt)}
          </p>
        </div>
        <CampaignStatusBadge status={campaign.status} preparing={campaign.preparing} />
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
