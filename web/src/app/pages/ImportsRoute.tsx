import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { ImportsPage } from '../../features/imports/components/ImportsPage.tsx'
import { buttonClass } from '../../ui/Button.tsx'
import { Icon } from '../../ui/icons.tsx'

export function ImportsRoute() {
  const { t } = useTranslation()
  return (
    <ImportsPage
      campaignLink={({ id }) => (
        <Link to="/campaigns/new" search={{ import: id }} className={buttonClass({ size: 'small' })}>
          <Icon name="campaigns" />
          {t('imports.useInCampaign')}
        </Link>
      )}
    />
  )
}
