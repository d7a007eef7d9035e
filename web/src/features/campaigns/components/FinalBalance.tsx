import { useTranslation } from 'react-i18next'
import type { CampaignProgress } from '#contract/campaigns.ts'
import { openOf, totalOf } from '#contract/states.ts'
import { formatDuration } from '#contract/timeRemaining.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { Card } from '../../../ui/Card.tsx'
import { FlyingFlock } from '../../../ui/Flock.tsx'
import { balanceOf } from '../books.ts'

/** The end of a campaign in one sum: nobody is missing from it. */
export function FinalBalance({ progress }: { progress: CampaignProgress }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { stats, status, startedAt, finishedAt } = progress
  const parts = balanceOf(stats).map(({ what, count }) => t(`balance.${what}`, { count, n: format.number(count) }))
  const total = totalOf(stats)
  // Cancelling takes effect at once, but its rows follow in chunks: until then the sum would name people as waiting.
  const isClosing = openOf(stats) > 0
  return (
    <Card className="flex flex-wrap items-center justify-between gap-4" aria-label={t('balance.title')}>
      <div className="min-w-0 flex-1">
        <h2 className="text-lg font-semibold">
          {t(`balance.heading.${status === 'completed' ? 'completed' : status === 'failed' ? 'failed' : 'cancelled'}`)}
        </h2>
        {isClosing && <p className="mt-1">{t('balance.closing')}</p>}
        {!isClosing && total > 0 && (
          <p className="tabular mt-1 text-lg">
            {t('balance.nobodyLeftOut', { parts: parts.join(' + '), total: format.number(total) })}
          </p>
        )}
        {startedAt !== null && finishedAt !== null && (
          <p className="mt-1 text-sm text-ink-soft">
            {t('balance.took', {
              duration: formatDuration((Date.parse(finishedAt) - Date.parse(startedAt)) / 1000),
              at: format.instant(finishedAt),
            })}
          </p>
        )}
      </div>
      {status === 'completed' && <FlyingFlock className="hidden sm:block" />}
    </Card>
  )
}
