import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { meQuery } from '../../features/auth/api/getMe.ts'
import { NewCampaignPage } from '../../features/campaigns/newCampaign/NewCampaignPage.tsx'
import { channelsQuery } from '../../features/channels/api/listChannels.ts'
import { ChannelStatusBadge } from '../../features/channels/components/ChannelStatusBadge.tsx'
import { usableImportsQuery } from '../../features/imports/api/listUsableImports.ts'
import { ErrorNotice } from '../../lib/ErrorNotice.tsx'
import { Loading } from '../../ui/Loading.tsx'

const route = getRouteApi('/app/campaigns/new')
const linkClass = 'inline-flex min-h-10 items-center text-sm font-medium text-primary-text underline underline-offset-4'

export function NewCampaignRoute() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const search = route.useSearch()
  const { data: me } = useQuery(meQuery)
  const channels = useQuery(channelsQuery)
  const imports = useQuery(usableImportsQuery)
  const failed = [channels, imports].find((query) => query.isLoadingError)
  if (failed !== undefined) return <ErrorNotice error={failed.error} onRetry={() => void failed.refetch()} />
  if (me == null || channels.data === undefined || imports.data === undefined)
    return <Loading label={t('common.loading')} />
  return (
    <NewCampaignPage
      userId={me.id}
      channels={channels.data}
      imports={imports.data}
      importId={search.import}
      importLink={
        <Link to="/imports" className={linkClass}>
          {t('newCampaign.toImports')}
        </Link>
      }
      channelLink={
        <Link to="/channels" className={linkClass}>
          {t('newCampaign.toChannels')}
        </Link>
      }
      statusOf={(channel) => <ChannelStatusBadge status={channel.status} />}
      onCreated={({ campaignId }) => void navigate({ to: '/campaigns/$campaignId', params: { campaignId } })}
    />
  )
}
