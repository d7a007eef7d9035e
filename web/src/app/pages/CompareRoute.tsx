import { getRouteApi, Link } from '@tanstack/react-router'
import { ComparePage } from '../../features/campaigns/compare/ComparePage.tsx'
import { BackToCampaigns } from './BackToCampaigns.tsx'

const route = getRouteApi('/app/campaigns/compare')

export function CompareRoute() {
  const { ids } = route.useSearch()
  return (
    <ComparePage
      ids={ids === undefined || ids === '' ? [] : ids.split(',')}
      backLink={<BackToCampaigns />}
      titleOf={({ campaignId, name }) => (
        <Link to="/campaigns/$campaignId" params={{ campaignId }} search={{ tab: 'report' }}>
          {name}
        </Link>
      )}
    />
  )
}
