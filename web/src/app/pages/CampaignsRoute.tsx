import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { OutboxPage } from '../../features/campaigns/outbox/OutboxPage.tsx'
import { buttonClass } from '../../ui/Button.tsx'
import { Icon } from '../../ui/icons.tsx'

const route = getRouteApi('/app/campaigns')

export function CampaignsRoute() {
  const { t } = useTranslation()
  const { view = 'all', status } = route.useSearch()
  const navigate = route.useNavigate()
  const go = useNavigate()
  return (
    <OutboxPage
      filter={{ view, status }}
      onFilter={(next) =>
        void navigate({
          search: {
            ...(next.view === 'all' ? {} : { view: next.view }),
            ...(next.status === undefined ? {} : { status: next.status }),
          },
        })
      }
      onOpen={(campaignId) => void go({ to: '/campaigns/$campaignId', params: { campaignId } })}
      compareLink={(ids, text) => (
        <Link to="/campaigns/compare" search={{ ids: ids.join(',') }} className={buttonClass({ size: 'small' })}>
          <Icon name="columns" />
          {text}
        </Link>
      )}
      draftLink={({ id }, text, label) => (
        <Link
          to="/campaigns/new"
          search={{ draft: id }}
          aria-label={label}
          className={buttonClass({ look: 'secondary', size: 'small' })}
        >
          {text}
        </Link>
      )}
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
