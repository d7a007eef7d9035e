import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'

export function BackToCampaigns() {
  const { t } = useTranslation()
  return (
    <Link
      to="/campaigns"
      className="inline-flex min-h-10 items-center text-sm font-medium text-primary-text underline-offset-4 hover:underline"
    >
      {t('monitor.back')}
    </Link>
  )
}
