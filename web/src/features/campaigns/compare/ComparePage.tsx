import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { CampaignFigures } from '#contract/reports.ts'
import { formatDuration } from '#contract/timeRemaining.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { useFormat } from '../../../lib/useFormat.ts'
import { PageHeader } from '../../../ui/Card.tsx'
import { EmptyState } from '../../../ui/EmptyState.tsx'
import { ScrollArea } from '../../../ui/ScrollArea.tsx'
import { SkeletonList } from '../../../ui/Skeleton.tsx'
import { comparisonQuery } from '../api/compareCampaigns.ts'
import { BooksBar } from '../components/BooksBar.tsx'
import { CampaignStatusBadge } from '../components/CampaignStatusBadge.tsx'

type Props = { ids: readonly string[]; backLink: ReactNode; titleOf: (campaign: CampaignFigures) => ReactNode }

/** Campaigns side by side: a column for each, a line for each question. */
export function ComparePage({ ids, backLink, titleOf }: Props) {
  const { t } = useTranslation()
  const comparison = useQuery(comparisonQuery(ids))
  return (
    <>
      {backLink}
      <PageHeader title={t('compare.title')} lead={t('compare.lead')} />
      {ids.length < 2 && <EmptyState title={t('compare.emptyTitle')}>{t('compare.emptyText')}</EmptyState>}
      {comparison.error !== null && <ErrorNotice error={comparison.error} onRetry={() => void comparison.refetch()} />}
      {comparison.isLoading && <SkeletonList label={t('common.loading')} />}
      {comparison.data !== undefined && <Table campaigns={comparison.data.items} titleOf={titleOf} />}
    </>
  )
}

type Line =
  | 'success'
  | 'accepted'
  | 'read'
  | 'failed'
  | 'skipped'
  | 'unknown'
  | 'people'
  | 'duration'
  | 'speed'
  | 'started'
const LINES: readonly Line[] = [
  'success',
  'people',
  'accepted',
  'read',
  'failed',
  'skipped',
  'unknown',
  'duration',
  'speed',
  'started',
]
/** Where more is better and where less is; the best of a line is marked. */
const BETTER: Partial<Record<Line, 'more' | 'less'>> = { success: 'more', read: 'more' }

function Table({ campaigns, titleOf }: { campaigns: readonly CampaignFigures[]; titleOf: Props['titleOf'] }) {
  const { t } = useTranslation()
  return (
    <ScrollArea
      role="region"
      label={t('compare.title')}
      className="rounded-card border border-line bg-surface shadow-card"
    >
      <table className="w-full border-collapse text-left">
        <thead>
          <tr className="border-b border-line align-bottom">
            <th scope="col" className="sticky left-0 z-1 min-w-32 bg-surface p-4 text-sm font-semibold text-ink-soft">
              {t('compare.campaign')}
            </th>
            {campaigns.map((campaign) => (
              <th key={campaign.campaignId} scope="col" className="min-w-48 p-4 font-semibold">
                <span className="flex flex-col items-start gap-2">
                  <CampaignStatusBadge status={campaign.status} preparing={false} />
                  <span className="underline-offset-4 hover:underline">{titleOf(campaign)}</span>
                  <span className="text-sm font-normal text-ink-soft">{campaign.channelName}</span>
                  <BooksBar stats={campaign.stats} className="h-2.5" />
                </span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {LINES.map((line) => (
            <Row key={line} line={line} campaigns={campaigns} />
          ))}
        </tbody>
      </table>
    </ScrollArea>
  )
}

function Row({ line, campaigns }: { line: Line; campaigns: readonly CampaignFigures[] }) {
  const { t } = useTranslation()
  const value = useValue(line)
  const best = bestOf(line, campaigns)
  return (
    <tr className="border-b border-line last:border-b-0">
      <th scope="row" className="sticky left-0 z-1 bg-surface p-4 py-3 text-sm font-medium text-ink-soft">
        {t(`compare.line.${line}`)}
      </th>
      {campaigns.map((campaign) => (
        <td key={campaign.campaignId} className="tabular p-4 py-3 text-lg font-semibold">
          {value(campaign)}
          {best === campaign.campaignId && (
            <span className="ml-2 rounded-full bg-good-soft px-2 py-0.5 text-xs font-semibold text-good-text">
              {t('compare.best')}
            </span>
          )}
        </td>
      ))}
    </tr>
  )
}

/** How a line is written for a campaign; a dash where there is nothing to say. */
function useValue(line: Line): (campaign: CampaignFigures) => string {
  const { t } = useTranslation()
  const format = useFormat()
  return (campaign) => {
    const { stats, averageSpeed, runningSeconds, startedAt } = campaign
    const share = shareOf(line, campaign)
    if (line === 'success') return share === null ? '–' : format.percent(share)
    if (line === 'people') return format.number(stats.total)
    if (line === 'duration') return startedAt === null ? '–' : formatDuration(runningSeconds)
    if (line === 'speed')
      return averageSpeed === null ? '–' : t('monitor.perMinute', { value: format.number(averageSpeed) })
    if (line === 'started') return startedAt === null ? '–' : format.instant(startedAt)
    const count = line === 'accepted' ? campaign.accepted : stats[line]
    return share === null ? format.number(count) : `${format.number(count)} (${format.percent(share)})`
  }
}

/** A line as a share that can be compared between a small campaign and a large one; null where it is none. */
function shareOf(line: Line, { stats, accepted, successRate }: CampaignFigures): number | null {
  if (line === 'success') return successRate
  if (line === 'read') return accepted === 0 ? null : stats.read / accepted
  if (line === 'accepted' || line === 'failed' || line === 'skipped' || line === 'unknown')
    return stats.total === 0 ? null : (line === 'accepted' ? accepted : stats[line]) / stats.total
  return null
}

/** The campaign that is alone at the top of a line, or nobody. */
function bestOf(line: Line, campaigns: readonly CampaignFigures[]): string | null {
  if (BETTER[line] === undefined) return null
  const ranked = campaigns
    .map((campaign) => ({ id: campaign.campaignId, share: shareOf(line, campaign) ?? -1 }))
    .sort((a, b) => b.share - a.share)
  const [first, second] = ranked
  return first !== undefined && first.share > (second?.share ?? -1) ? first.id : null
}
