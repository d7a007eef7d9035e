import { useTranslation } from 'react-i18next'
import type { CampaignProgress } from '#contract/campaigns.ts'
import { formatTimeRemaining } from '#contract/timeRemaining.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { FlyingFlock } from '../../../ui/Flock.tsx'
import { Notice } from '../../../ui/Notice.tsx'
import { Sparkline } from '../../../ui/Sparkline.tsx'
import { Stat, Stats } from '../../../ui/Stat.tsx'
import { decidedShare } from '../books.ts'
import { useSpeed } from '../useSpeed.ts'

/** The numbers at a glance, and while it runs the line of its speed. */
export function Headline({ progress }: { progress: CampaignProgress }) {
  const { t } = useTranslation()
  const format = useFormat()
  const isRunning = progress.status === 'running'
  const left = isRunning ? formatTimeRemaining(progress.estimatedSecondsRemaining, format.language) : null
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-8 gap-y-4">
      <Stats>
        <Stat
          label={t('monitor.done')}
          value={`${format.number(Math.floor(decidedShare(progress.stats) * 1000) / 10)}%`}
        />
        {progress.averageSpeed !== null && (
          <Stat
            label={t('monitor.speed')}
            value={t('monitor.perMinute', { value: format.number(progress.averageSpeed) })}
          />
        )}
        {isRunning && <Stat label={t('monitor.left')} value={left ?? t('monitor.leftUnknown')} />}
      </Stats>
      {isRunning && <SpeedLine progress={progress} />}
      {progress.status === 'draft' && <Notice tone="info">{t('monitor.draft')}</Notice>}
    </div>
  )
}

/** Birds while there is too little to draw; then how fast it has been going. */
function SpeedLine({ progress }: { progress: CampaignProgress }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { now, line } = useSpeed(progress)
  if (now === null || line.length < 2) return <FlyingFlock moving className="hidden sm:block" />
  return (
    <div className="flex flex-col gap-1">
      <Sparkline values={line} label={t('monitor.speedLine', { value: format.number(Math.round(now)) })} />
      <p className="tabular text-sm text-ink-soft" aria-hidden="true">
        {t('monitor.speedNow', { value: format.number(Math.round(now)) })}
      </p>
    </div>
  )
}
