import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { formatDuration } from '#contract/timeRemaining.ts'
import { useSettled } from '../../../../lib/useSettled.ts'
import { preflightQuery } from '../../api/preflight.ts'
import { audienceBody } from '../plan/audienceBody.ts'
import { estimateDuration } from '../plan/estimateDuration.ts'
import { usePlan } from '../PlanContext.tsx'

/** How long that takes, as the pace is moved; window and daily cap are reckoned with at the check. */
export function PaceEstimate() {
  const { t } = useTranslation()
  const { plan, channels } = usePlan()
  const body = useSettled(audienceBody(plan, channels), 300)
  const people = useQuery(preflightQuery(body)).data?.lines.valid ?? 0
  const { delayMin, delayMax } = plan
  if (people === 0 || delayMin === null || delayMax === null || delayMax < delayMin) return null
  const channelMinDelay = (channels.find(({ id }) => id === plan.channelId)?.minDelay ?? 0) / 1000
  const between = plan.messages.slice(1).map(({ delaySeconds }) => delaySeconds ?? 0)
  const seconds = estimateDuration({ people, delayMin, delayMax, channelMinDelay, between })
  return (
    <p
      role="status"
      className="tabular rounded-control bg-primary-soft px-3 py-2 text-sm font-medium text-primary-text"
    >
      {seconds === 0
        ? t('newCampaign.asFastAsPossible')
        : t('newCampaign.about', { duration: formatDuration(seconds) })}
    </p>
  )
}
