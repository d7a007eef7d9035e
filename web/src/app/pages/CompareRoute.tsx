import { getRouteApi, Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { ComparePage } from '../../features/campaigns/compare/ComparePage.tsx'

const route = getRouteApi('/app/campaigns/compare')

export function CompareRoute() {
  const { t } = useTranslation()
  const { ids } = route.useSearch()
  return (
    <ComparePage
      ids={ids === undefined || ids === '' ? [] : ids.split(',')}
      backLink={
        <Link
          to="/campaigns"
          className="inline-flex min-h-10 items-center text-sm font-medium text-primary-text underline-offset-4 hover:underline"
        >
          {t('monitor.back')}
        </Link>
      }
      titleOf={({ campaignId, name }) => (
        <Link to="/campaigns/$campaignId" params={{ campaignId }} search={{ tab: 'report' }}>
          {name}
        </Link>
      )}
    />
  )
}
