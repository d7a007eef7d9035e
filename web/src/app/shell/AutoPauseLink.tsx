import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { needsChannel, type AutoPause } from '../../features/campaigns/overview/autoPauses.ts'
import { buttonClass } from '../../ui/Button.tsx'

/** The one step that leads out of a pause: to the number, or to the campaign that can go on. */
export function AutoPauseLink({ pause }: { pause: AutoPause }) {
  const { t } = useTranslation()
  const [first] = pause.campaigns
  if (needsChannel(pause.reason) || first === undefined)
    return (
      <Link to="/channels" className={buttonClass({ size: 'small' })}>
        {t('overview.autoPause.reconnect', { channel: pause.channelName })}
      </Link>
    )
  return (
    <Link to="/campaigns/$campaignId" params={{ campaignId: first.id }} className={buttonClass({ size: 'small' })}>
      {t('overview.autoPause.open')}
    </Link>
  )
}
