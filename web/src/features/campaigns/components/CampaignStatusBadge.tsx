import { useTranslation } from 'react-i18next'
import type { CampaignStatus } from '#contract/states.ts'
import { Badge, type Tone } from '../../../ui/Card.tsx'

const TONES: Record<CampaignStatus, Tone> = {
  draft: 'neutral',
  scheduled: 'info',
  running: 'info',
  paused: 'warn',
  completed: 'good',
  cancelled: 'neutral',
  failed: 'bad',
}

export function CampaignStatusBadge({ status, preparing }: { status: CampaignStatus; preparing: boolean }) {
  const { t } = useTranslation()
  const isPreparing = preparing && (status === 'draft' || status === 'running')
  return (
    <Badge tone={isPreparing ? 'info' : TONES[status]}>
      {isPreparing ? t('campaigns.preparing') : t(`campaigns.status.${status}`)}
    </Badge>
  )
}
