import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { meQuery } from '../../features/auth/api/getMe.ts'
import { homeCountryQuery } from '../../features/campaigns/api/getHomeCountry.ts'
import { DraftList } from '../../features/campaigns/newCampaign/draft/DraftList.tsx'
import { NewCampaignPage } from '../../features/campaigns/newCampaign/NewCampaignPage.tsx'
import type { CampaignPlan } from '../../features/campaigns/newCampaign/plan/campaignPlan.ts'
import { channelsQuery } from '../../features/channels/api/listChannels.ts'
import { ChannelStatusBadge } from '../../features/channels/components/ChannelStatusBadge.tsx'
import { TrialMessage } from '../../features/channels/components/TrialMessage.tsx'
import { usableImportsQuery } from '../../features/imports/api/listUsableImports.ts'
import { ErrorNotice } from '../../lib/ErrorNotice.tsx'
import { randomUuid } from '../../lib/randomId.ts'
import { Loading } from '../../ui/Loading.tsx'

const route = getRouteApi('/app/campaigns/new')
const linkClass = 'inline-flex min-h-10 items-center text-sm font-medium text-primary-text underline underline-offset-4'

export function NewCampaignRoute() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const search = route.useSearch()
  const { id, isNew } = useDraftId(search.draft)
  const { data: me } = useQuery(meQuery)
  const channels = useQuery(channelsQuery)
  const imports = useQuery(usableImportsQuery)
  // Without an answer the form begins with the country that it knows; nobody waits for that.
  const home = useQuery(homeCountryQuery)
  const failed = [channels, imports].find((query) => query.isLoadingError)
  if (failed !== undefined) return <ErrorNotice error={failed.error} onRetry={() => void failed.refetch()} />
  if (me == null || channels.data === undefined || imports.data === undefined || home.isPending)
    return <Loading label={t('common.loading')} />
  const link = (to: '/imports' | '/channels' | '/templates', text: string) => (
    <Link to={to} className={linkClass}>
      {text}
    </Link>
  )
  return (
    <NewCampaignPage
      key={id}
      userId={me.id}
      draftId={id}
      isNew={isNew}
      start={startOf(search, channels.data, home.data)}
      channels={channels.data}
      imports={imports.data}
      links={{
        imports: link('/imports', t('newCampaign.toImports')),
        channels: link('/channels', t('newCampaign.toChannels')),
        templates: link('/templates', t('newCampaign.toTemplates')),
      }}
      drafts={
        <DraftList
          linkTo={(draft, text) => (
            <Link to="/campaigns/new" search={{ draft: draft.id }} className={linkClass}>
              <bdi>{text}</bdi>
            </Link>
          )}
        />
      }
      statusOf={(channel) => <ChannelStatusBadge status={channel.status} />}
      trialOf={(channelId, message) => <TrialMessage channelId={channelId} message={message} />}
      onTouched={() => void navigate({ to: '/campaigns/new', search: { draft: id }, replace: true })}
      onCreated={({ campaignId }) => void navigate({ to: '/campaigns/$campaignId', params: { campaignId } })}
      onStartAnew={() => void navigate({ to: '/campaigns/new', search: {}, replace: true })}
    />
  )
}

/**
 * The draft that the address names; without one a new id, which the address gets with the first change. Whoever comes
 * back to the bare address then begins anew.
 */
function useDraftId(named: string | undefined): { id: string; isNew: boolean } {
  const [fresh, setFresh] = useState(() => ({ id: randomUuid(), isNamed: false }))
  if (named === fresh.id && !fresh.isNamed) setFresh({ ...fresh, isNamed: true })
  if (named === undefined && fresh.isNamed) setFresh({ id: randomUuid(), isNamed: false })
  return { id: named ?? fresh.id, isNew: named === undefined || named === fresh.id }
}

type Search = { import?: string; group?: string; tag?: string }

/** What was chosen on the page before, and the only channel there is. */
function startOf(
  search: Search,
  channels: readonly { id: string }[],
  defaultCountry: string | undefined,
): Partial<CampaignPlan> {
  const [only] = channels
  return {
    ...(defaultCountry === undefined ? {} : { defaultCountry }),
    ...(search.import === undefined ? {} : { importIds: [search.import] }),
    ...(search.group === undefined ? {} : { groupIds: [search.group] }),
    ...(search.tag === undefined ? {} : { tagIds: [search.tag] }),
    ...(channels.length === 1 && only !== undefined ? { channelId: only.id } : {}),
  }
}
