import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { meQuery } from '../../features/auth/api/getMe.ts'
import { channelsQuery } from '../../features/channels/api/listChannels.ts'
import { ChannelStatusBadge } from '../../features/channels/components/ChannelStatusBadge.tsx'
import { MessagesPage } from '../../features/messages/components/MessagesPage.tsx'
import { ErrorNotice } from '../../lib/ErrorNotice.tsx'
import { buttonClass } from '../../ui/Button.tsx'
import { Loading } from '../../ui/Loading.tsx'

export function MessagesRoute() {
  const { t } = useTranslation()
  const { data: me } = useQuery(meQuery)
  const channels = useQuery(channelsQuery)
  if (channels.isLoadingError) return <ErrorNotice error={channels.error} onRetry={() => void channels.refetch()} />
  if (me == null || channels.data === undefined) return <Loading label={t('common.loading')} />
  return (
    <MessagesPage
      userId={me.id}
      channels={channels.data}
      statusOf={(channel) => <ChannelStatusBadge status={channel.status} />}
      channelLink={
        <Link to="/channels" className={buttonClass()}>
          {t('singleMessage.toChannels')}
        </Link>
      }
    />
  )
}
