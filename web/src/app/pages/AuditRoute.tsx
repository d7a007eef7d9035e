import { getRouteApi, Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { AuditSearch } from '../../features/admin/auditSearch.ts'
import { AuditPage } from '../../features/admin/components/AuditPage.tsx'

const route = getRouteApi('/app/admin/audit')

export function AuditRoute() {
  const { t } = useTranslation()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  return (
    <AuditPage
      search={search}
      onSearch={(next) => void navigate({ search: withoutMissing(next), replace: true })}
      campaignLink={(campaignId) => (
        <Link
          to="/admin/audit"
          search={{ campaign: campaignId }}
          className="text-primary-text underline underline-offset-4"
        >
          {t('adminAudit.allOfCampaign')}
        </Link>
      )}
    />
  )
}

function withoutMissing(search: AuditSearch): AuditSearch {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined))
}
