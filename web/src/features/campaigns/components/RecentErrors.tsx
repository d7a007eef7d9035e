import { useTranslation } from 'react-i18next'
import type { CampaignProgress, RecentError } from '#contract/campaigns.ts'
import { FAILURE_CATEGORIES } from '#contract/errors.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { Card } from '../../../ui/Card.tsx'

/** The newest five errors, each in words that help, and how many of each kind there were. */
export function RecentErrors({ progress }: { progress: CampaignProgress }) {
  const { t } = useTranslation()
  const format = useFormat()
  const kinds = FAILURE_CATEGORIES.filter((category) => (progress.failedByCategory[category] ?? 0) > 0)
  if (progress.recentErrors.length === 0 && kinds.length === 0) return null
  return (
    <Card className="flex flex-col gap-4" aria-label={t('monitor.errors')}>
      <h2 className="text-lg font-semibold">{t('monitor.errors')}</h2>
      {kinds.length > 0 && (
        <ul className="flex flex-wrap gap-x-6 gap-y-1 text-sm">
          {kinds.map((category) => (
            <li key={category}>
              {t(`failures.${category}.title`)}:{' '}
              <strong className="tabular">{format.number(progress.failedByCategory[category] ?? 0)}</strong>
            </li>
          ))}
        </ul>
      )}
      <ul className="flex flex-col divide-y divide-line">
        {progress.recentErrors.map((error, index) => (
          <ErrorLine key={`${error.at} ${error.contactId ?? 0} ${index}`} error={error} />
        ))}
      </ul>
    </Card>
  )
}

function ErrorLine({ error }: { error: RecentError }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <li className="flex flex-col gap-0.5 py-3 first:pt-0 last:pb-0">
      <p className="flex flex-wrap items-baseline justify-between gap-x-4">
        <span className="font-medium">{t(`failures.${error.category}.title`)}</span>
        <span className="tabular text-sm text-ink-soft">
          {error.phone !== null && `${error.phone} · `}
          <time dateTime={error.at}>{format.time(error.at)}</time>
        </span>
      </p>
      <p className="text-sm text-ink-soft">{t(`failures.${error.category}.todo`)}</p>
      <details className="text-sm text-ink-soft">
        <summary className="inline-flex min-h-6 items-center underline decoration-dotted underline-offset-4">
          {t('monitor.gatewaySaid')}
        </summary>
        <p className="mt-1 [overflow-wrap:anywhere]">
          <code>{error.code}</code>: {error.message}
        </p>
      </details>
    </li>
  )
}
