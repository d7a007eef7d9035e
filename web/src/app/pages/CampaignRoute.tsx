import { getRouteApi, Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { CampaignPage } from '../../features/campaigns/components/CampaignPage.tsx'

const route = getRouteApi('/app/campaigns/$campaignId')

export function CampaignRoute() {
  const { t } = useTranslation()
  const { campaignId } = route.useParams()
  return (
    <CampaignPage
      key={campaignId}
      campaignId={campaignId}
      backLink={
        <Link
          to="/campaigns"
          className="inline-flex min-h-10 items-center text-sm font-medium text-primary-text underline-offset-4 hover:underline"
        >
          {t('monitor.back')}
        </Link>
      }
    />
  )
}
