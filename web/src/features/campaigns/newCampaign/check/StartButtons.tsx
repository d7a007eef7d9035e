import { useTranslation } from 'react-i18next'
import { ErrorNotice } from '../../../../lib/ErrorNotice.tsx'
import { useFormat } from '../../../../lib/useFormat.ts'
import { Button } from '../../../../ui/Button.tsx'
import { usePlan } from '../PlanContext.tsx'

type Props = {
  /** How many will get it; null while that is being counted. */
  valid: number | null
  busy: 'start' | 'prepare' | null
  error: unknown
  onSubmit: (start: boolean) => void
}

/** The press that sends, with the number of people on it, and the one that only prepares. */
export function StartButtons({ valid, busy, error, onSubmit }: Props) {
  const { t } = useTranslation()
  const format = useFormat()
  const { plan } = usePlan()
  const isLater = plan.starts === 'later'
  return (
    <div className="flex flex-col gap-4">
      {error !== null && <ErrorNotice error={error} onRetry={() => onSubmit(true)} />}
      <div className="flex flex-col gap-3 sm:flex-row">
        <Button
          size="large"
          icon={isLater ? 'clock' : 'play'}
          className="max-sm:whitespace-normal"
          busy={busy === 'start'}
          disabled={valid === 0}
          onClick={() => onSubmit(true)}
        >
          {t(isLater ? 'newCampaign.schedule' : 'newCampaign.start')}
          {valid !== null && <span className="tabular font-normal">({format.number(valid)})</span>}
        </Button>
        <Button size="large" look="secondary" busy={busy === 'prepare'} onClick={() => onSubmit(false)}>
          {t('newCampaign.prepareOnly')}
        </Button>
      </div>
    </div>
  )
}
