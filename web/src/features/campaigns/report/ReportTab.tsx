import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { CampaignReport } from '#contract/reports.ts'
import { isFinal } from '#contract/states.ts'
import { formatDuration } from '#contract/timeRemaining.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { useFormat } from '../../../lib/useFormat.ts'
import { BarList } from '../../../ui/BarList.tsx'
import { Button, buttonClass } from '../../../ui/Button.tsx'
import { Card } from '../../../ui/Card.tsx'
import { EmptyState } from '../../../ui/EmptyState.tsx'
import { Icon } from '../../../ui/icons.tsx'
import { Segmented } from '../../../ui/Segmented.tsx'
import { SkeletonList } from '../../../ui/Skeleton.tsx'
import { Stat, Stats } from '../../../ui/Stat.tsx'
import { reportQuery } from '../api/getReport.ts'
import { BooksBar } from '../components/BooksBar.tsx'
import { BooksLegend, type BucketLink } from '../components/BooksLegend.tsx'
import { RetryFailedDialog } from '../components/RetryFailedDialog.tsx'
import { useSkipReason } from '../people/useReason.ts'
import { OverTimeChart } from './OverTimeChart.tsx'
import { OverTimeTable } from './OverTimeTable.tsx'

type Props = { campaignId: string; bucketLink: BucketLink; onOpen: (campaignId: string) => void }

/** A campaign in numbers: how well it went, when what happened, and why some did not get it. */
export default function ReportTab({ campaignId, bucketLink, onOpen }: Props) {
  const { t } = useTranslation()
  const report = useQuery(reportQuery(campaignId))
  if (report.data === undefined)
    return report.error === null ? (
      <SkeletonList label={t('common.loading')} />
    ) : (
      <ErrorNotice error={report.error} onRetry={() => void report.refetch()} />
    )
  if (report.data.stats.total === 0) return <EmptyState title={t('report.empty')} />
  return (
    <div className="flex flex-col gap-5">
      <Figures report={report.data} bucketLink={bucketLink} />
      <OverTime report={report.data} />
      <div className="grid items-start gap-5 lg:grid-cols-2">
        <Errors report={report.data} onOpen={onOpen} />
        <Skips report={report.data} />
      </div>
    </div>
  )
}

function Figures({ report, bucketLink }: { report: CampaignReport; bucketLink: BucketLink }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { successRate, accepted, averageSpeed, runningSeconds, stats } = report
  return (
    <Card className="flex flex-col gap-5" aria-label={t('report.figures')}>
      <div className="flex flex-wrap items-start justify-between gap-4 lg:flex-nowrap">
        <Stats className="gap-x-8">
          <Stat
            label={t('report.success')}
            value={successRate === null ? '–' : format.percent(Math.floor(successRate * 1000) / 1000)}
            size="large"
          />
          <Stat label={t('report.accepted')} value={format.number(accepted)} />
          <Stat label={t('report.read')} value={accepted === 0 ? '–' : format.percent(stats.read / accepted)} />
          <Stat label={t('report.duration')} value={report.startedAt === null ? '–' : formatDuration(runningSeconds)} />
          {averageSpeed !== null && (
            <Stat label={t('monitor.speed')} value={t('monitor.perMinute', { value: format.number(averageSpeed) })} />
          )}
        </Stats>
        <a
          href={`/api/user/bulk-campaigns/${report.campaignId}/report/export`}
          download
          className={buttonClass({ look: 'secondary', size: 'small' })}
        >
          <Icon name="download" />
          {t('report.export')}
        </a>
      </div>
      <BooksBar stats={stats} />
      <BooksLegend stats={stats} bucketLink={bucketLink} />
    </Card>
  )
}

function OverTime({ report: { overTime } }: { report: CampaignReport }) {
  const { t } = useTranslation()
  const [view, setView] = useState<'chart' | 'table'>('chart')
  return (
    <Card className="flex flex-col gap-4" aria-label={t('report.overTime')}>
      <div className="flex flex-wrap items-start justify-between gap-3">
        <h2 className="text-lg font-semibold">{t('report.overTime')}</h2>
        {overTime.points.length > 0 && (
          <Segmented
            label={t('report.show')}
            labelHidden
            value={view}
            onChange={setView}
            options={[
              { value: 'chart', label: t('report.chart') },
              { value: 'table', label: t('report.table') },
            ]}
          />
        )}
      </div>
      {overTime.points.length === 0 && <p className="text-ink-soft">{t('report.nothingYet')}</p>}
      {overTime.points.length > 0 &&
        (view === 'chart' ? <OverTimeChart {...overTime} /> : <OverTimeTable {...overTime} />)}
    </Card>
  )
}

function Errors({ report, onOpen }: Pick<Props, 'onOpen'> & { report: CampaignReport }) {
  const { t } = useTranslation()
  const format = useFormat()
  const [asks, setAsks] = useState(false)
  const { campaignId, byError, stats, status } = report
  const isWorthIt = isFinal(status) && byError.some(({ retryable }) => retryable)
  return (
    <Card className="flex flex-col gap-4" aria-label={t('report.byError')}>
      <h2 className="text-lg font-semibold">{t('report.byError')}</h2>
      {byError.length === 0 && <p className="text-ink-soft">{t('report.noErrors')}</p>}
      <BarList
        items={byError.map(({ category, code, count, retryable }) => ({
          key: `${category} ${code}`,
          label: t(`failures.${category}.title`),
          hint: `${t(retryable ? 'report.retryable' : 'report.notRetryable')} ${code}`,
          value: count,
          text: format.number(count),
          className: 'bg-state-failed',
        }))}
      />
      {isWorthIt && (
        <Button className="self-start" icon="refresh" onClick={() => setAsks(true)}>
          {t('outbox.retryFailed')}
        </Button>
      )}
      {asks && (
        <RetryFailedDialog campaign={{ id: campaignId, stats }} onOpen={onOpen} onClose={() => setAsks(false)} />
      )}
    </Card>
  )
}

function Skips({ report: { bySkipReason } }: { report: CampaignReport }) {
  const { t } = useTranslation()
  const format = useFormat()
  const reasonOf = useSkipReason()
  return (
    <Card className="flex flex-col gap-4" aria-label={t('report.bySkip')}>
      <h2 className="text-lg font-semibold">{t('report.bySkip')}</h2>
      {bySkipReason.length === 0 && <p className="text-ink-soft">{t('report.noSkips')}</p>}
      <BarList
        items={bySkipReason.map(({ reason, count }) => ({
          key: reason,
          label: reasonOf(reason),
          value: count,
          text: format.number(count),
          className: 'bg-state-skipped',
        }))}
      />
    </Card>
  )
}
