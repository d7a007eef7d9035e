import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import type { RecipientStatus } from '#contract/states.ts'
import type { CampaignTab } from '../../features/campaigns/campaignTabs.ts'
import { CampaignPage } from '../../features/campaigns/components/CampaignPage.tsx'
import { BackToCampaigns } from './BackToCampaigns.tsx'

const route = getRouteApi('/app/campaigns/$campaignId')

export function CampaignRoute() {
  const { campaignId } = route.useParams()
  const { tab = 'progress', state } = route.useSearch()
  const navigate = route.useNavigate()
  const go = useNavigate()
  return (
    <CampaignPage
      key={campaignId}
      campaignId={campaignId}
      tab={tab}
      onTab={(next) => void navigate({ search: searchOf(next, undefined), replace: true, resetScroll: false })}
      state={state}
      onState={(next) => void navigate({ search: searchOf('people', next), replace: true, resetScroll: false })}
      onOpen={(id) => void go({ to: '/campaigns/$campaignId', params: { campaignId: id } })}
      onNewWith={(importId) => void go({ to: '/campaigns/new', search: { import: importId } })}
      onDeleted={() => void go({ to: '/campaigns' })}
      bucketLink={(bucket, name) => (
        <Link
          to="/campaigns/$campaignId"
          params={{ campaignId }}
          search={searchOf('people', bucket)}
          className="underline decoration-dotted underline-offset-4 hover:decoration-solid"
        >
          {name}
        </Link>
      )}
      backLink={<BackToCampaigns />}
    />
  )
}

/** The address says only what differs from the first view. */
function searchOf(tab: CampaignTab, state: RecipientStatus | undefined) {
  return { ...(tab === 'progress' ? {} : { tab }), ...(state === undefined ? {} : { state }) }
}
