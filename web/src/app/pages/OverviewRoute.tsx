import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { meQuery } from '../../features/auth/api/getMe.ts'
import { OverviewPage } from '../../features/campaigns/overview/OverviewPage.tsx'
import type { OverviewLinks } from '../../features/campaigns/overview/parts.tsx'
import { ChannelStatusBadge } from '../../features/channels/components/ChannelStatusBadge.tsx'
import { buttonClass } from '../../ui/Button.tsx'
import { AutoPauseLink } from '../shell/AutoPauseLink.tsx'

export function OverviewRoute() {
  const { t } = useTranslation()
  const { data: me } = useQuery(meQuery)
  const links: OverviewLinks = {
    firstSteps: (
      <>
        <Link to="/channels" className={buttonClass()}>
          {t('overview.firstChannel')}
        </Link>
        <Link to="/imports" className={buttonClass({ look: 'secondary' })}>
          {t('overview.firstContacts')}
        </Link>
      </>
    ),
    campaign: ({ id, name }) => (
      <Link to="/campaigns/$campaignId" params={{ campaignId: id }}>
        {name}
      </Link>
    ),
    autoPause: (pause) => <AutoPauseLink pause={pause} />,
    channels: (
      <Link to="/channels" className="text-sm font-medium text-primary-text underline-offset-4 hover:underline">
        {t('overview.allChannels')}
      </Link>
    ),
    statusOf: (channel) => <ChannelStatusBadge status={channel.status} />,
  }
  return <OverviewPage name={me?.name ?? ''} links={links} />
}
