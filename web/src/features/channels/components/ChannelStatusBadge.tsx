import { useTranslation } from 'react-i18next'
import type { ChannelStatus } from '#contract/channels.ts'
import { Badge, type Tone } from '../../../ui/Card.tsx'

const TONES: Record<ChannelStatus, Tone> = {
  unknown: 'neutral',
  ready: 'good',
  disconnected: 'bad',
  logged_out: 'bad',
  unauthorized: 'bad',
  unreachable: 'warn',
}

export function ChannelStatusBadge({ status }: { status: ChannelStatus }) {
  const { t } = useTranslation()
  return <Badge tone={TONES[status]}>{t(`channels.status.${status}`)}</Badge>
}
