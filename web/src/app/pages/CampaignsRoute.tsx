import { getRouteApi, Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { CampaignListPage } from '../../features/campaigns/components/CampaignListPage.tsx'
import { buttonClass } from '../../ui/Button.tsx'
import { Icon } from '../../ui/icons.tsx'

const route = getRouteApi('/app/campaigns')

export function CampaignsRoute() {
  const { t } = useTranslation()
  const { status } = route.useSearch()
  const navigate = route.useNavigate()
  return (
    <CampaignListPage
      status={status}
      onStatus={(next) => void navigate({ search: next === undefined ? {} : { status: next } })}
      newLink={
        <Link to="/campaigns/new" className={buttonClass()}>
          <Icon name="plus" />
          {t('nav.newCampaign')}
        </Link>
      }
      titleOf={(campaign) => (
        <Link
          to="/campaigns/$campaignId"
          params={{ campaignId: campaign.id }}
          className="after:absolute after:inset-0 after:rounded-card"
        >
          {campaign.name}
        </Link>
      )}
    />
  )
}
