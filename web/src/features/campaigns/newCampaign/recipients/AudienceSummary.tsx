import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { ErrorNotice } from '../../../../lib/ErrorNotice.tsx'
import { useFormat } from '../../../../lib/useFormat.ts'
import { useSettled } from '../../../../lib/useSettled.ts'
import { Spinner } from '../../../../ui/Button.tsx'
import { preflightQuery } from '../../api/preflight.ts'
import { audienceBody } from '../plan/audienceBody.ts'
import { usePlan } from '../PlanContext.tsx'

const QUIET_MS = 900
const LINES = ['duplicate', 'invalid', 'suppressed', 'excluded', 'recentlyWritten'] as const

/** How many that makes, and who of those chosen stays out; asked a moment after the last change. */
export function AudienceSummary() {
  const { t } = useTranslation()
  const format = useFormat()
  const { plan, channels } = usePlan()
  const body = useSettled(audienceBody(plan, channels), QUIET_MS)
  const audience = useQuery(preflightQuery(body))
  if (body === null) return null
  if (audience.error !== null) return <ErrorNotice error={audience.error} onRetry={() => void audience.refetch()} />
  const lines = audience.data?.lines
  return (
    <p
      role="status"
      aria-busy={audience.isFetching}
      className="tabular flex flex-wrap items-baseline gap-x-4 gap-y-1 rounded-card bg-primary-soft px-4 py-3 text-primary-text sm:px-6"
    >
      {lines === undefined ? (
        <span className="flex items-center gap-2">
          <Spinner />
          {t('newCampaign.counting')}
        </span>
      ) : (
        <>
          <strong className="text-lg">
            {t('newCampaign.willReceive', { count: lines.valid, n: format.number(lines.valid) })}
          </strong>
          {LINES.filter((line) => lines[line] > 0).map((line) => (
            <span key={line} className="text-sm">
              {t(`newCampaign.lines.${line}`)}: {format.number(lines[line])}
            </span>
          ))}
        </>
      )}
    </p>
  )
}
