import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { needsChannel, type AutoPause } from '../../features/campaigns/overview/autoPauses.ts'
import { buttonClass } from '../../ui/Button.tsx'

/** The one step that leads out of a pause: to connecting the number, or to the campaign that can go on. */
export function AutoPauseLink({ pause }: { pause: AutoPause }) {
  const { t } = useTranslation()
  const [first] = pause.campaigns
  if ((needsChannel(pause.reason) && !pause.isBack) || first === undefined)
    return (
      <Link to="/channels" search={connectionOf(pause)} className={buttonClass({ size: 'small' })}>
        {t('overview.autoPause.reconnect', { channel: pause.channelName })}
      </Link>
    )
  return (
    <Link to="/campaigns/$campaignId" params={{ campaignId: first.id }} className={buttonClass({ size: 'small' })}>
      {t('overview.autoPause.open')}
    </Link>
  )
}

/** A token that was refused is mended by typing a new one, not by pairing. */
function connectionOf({ reason, channelId }: AutoPause) {
  return reason === 'disconnected' ? { connect: channelId } : {}
}
