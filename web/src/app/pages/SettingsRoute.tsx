import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { meQuery } from '../../features/auth/api/getMe.ts'
import { SettingsPage } from '../../features/settings/components/SettingsPage.tsx'
import { Loading } from '../../ui/Loading.tsx'
import { LanguageChoice, ThemeChoice } from '../Preferences.tsx'

const route = getRouteApi('/app/settings')

export function SettingsRoute() {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { tab = 'account' } = route.useSearch()
  const navigate = route.useNavigate()
  const { data: me } = useQuery(meQuery)
  if (me == null) return <Loading label={t('common.loading')} />
  return (
    <SettingsPage
      me={me}
      tab={tab}
      onTab={(next) => void navigate({ search: next === 'account' ? {} : { tab: next }, replace: true })}
      preferences={
        <>
          <LanguageChoice />
          <ThemeChoice />
        </>
      }
      onMe={(changed) => client.setQueryData(meQuery.queryKey, changed)}
    />
  )
}
