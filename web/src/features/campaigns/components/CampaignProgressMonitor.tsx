import { useTranslation } from 'react-i18next'
import type { CampaignProgress } from '#contract/campaigns.ts'
import { isFinal } from '#contract/states.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { useFormat } from '../../../lib/useFormat.ts'
import { ProgressBar } from '../../../ui/bars.tsx'
import { Card } from '../../../ui/Card.tsx'
import { Loading } from '../../../ui/Loading.tsx'
import { Notice } from '../../../ui/Notice.tsx'
import { decidedShare } from '../books.ts'
import { useCampaignProgress } from '../useCampaignProgress.ts'
import { BooksBar } from './BooksBar.tsx'
import { BooksLegend, type BucketLink } from './BooksLegend.tsx'
import { CampaignActions } from './CampaignActions.tsx'
import { CampaignStatusBadge } from './CampaignStatusBadge.tsx'
import { ConnectionNote } from './ConnectionNote.tsx'
import { FinalBalance } from './FinalBalance.tsx'
import { Headline } from './Headline.tsx'
import { PauseNotice } from './PauseNotice.tsx'
import { RecentErrors } from './RecentErrors.tsx'

type Props = {
  campaignId: string
  /** Makes a state's name the way to the people in it. */
  bucketLink?: BucketLink
}

/**
 * What a campaign is doing now: the books that always add up, speed, time left, the last errors, and the handles to
 * pause, resume and cancel. Live, and when it cannot be live it says so.
 */
export function CampaignProgressMonitor({ campaignId, bucketLink }: Props) {
  const { t } = useTranslation()
  const format = useFormat()
  const { progress, error, refetch, connection } = useCampaignProgress(campaignId)
  return (
    <div className="flex flex-col gap-4">
      {error !== null && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {progress === undefined && error === null && <Loading label={t('common.loading')} />}
      {progress !== undefined && (
        <>
          <Card className="flex flex-col gap-5" aria-label={t('monitor.title')}>
            <div className="flex flex-wrap items-center justify-between gap-3">
              <div className="flex items-center gap-3">
                <CampaignStatusBadge status={progress.status} preparing={progress.preparing} />
                <ConnectionNote connection={connection} at={progress.at} />
              </div>
              <CampaignActions progress={progress} />
            </div>
            {progress.preparing ? <Preparing progress={progress} /> : <Headline progress={progress} />}
            <BooksBar stats={progress.stats} />
            <BooksLegend stats={progress.stats} bucketLink={bucketLink} />
          </Card>
          {progress.status === 'paused' && progress.pauseReason !== null && (
            <PauseNotice reason={progress.pauseReason} />
          )}
          {progress.waitsUntil !== null && (
            <Notice tone="info">
              {t(progress.waitsFor === 'dailyCap' ? 'monitor.waitsForCap' : 'monitor.waitsUntil', {
                at: format.instant(progress.waitsUntil),
              })}
            </Notice>
          )}
          {isFinal(progress.status) && <FinalBalance progress={progress} />}
          <RecentErrors progress={progress} />
          <Announcement progress={progress} />
        </>
      )}
    </div>
  )
}

function Preparing({ progress }: { progress: CampaignProgress }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <div className="flex flex-col gap-3">
      <ProgressBar share={null} label={t('monitor.preparing')} />
      <p>
        {t('monitor.preparingCount', { count: progress.stats.total, n: format.number(progress.stats.total) })}{' '}
        {t(progress.startRequested ? 'monitor.startsByItself' : 'monitor.startsWhenAsked')}
      </p>
    </div>
  )
}

/** For those who hear the page: a change of state and each tenth of the way, not each message. */
function Announcement({ progress }: { progress: CampaignProgress }) {
  const { t } = useTranslation()
  const tenth = Math.floor(decidedShare(progress.stats) * 10) * 10
  return (
    <p role="status" className="sr-only">
      {t('monitor.announcement', { state: t(`campaigns.status.${progress.status}`), percent: tenth })}
    </p>
  )
}
