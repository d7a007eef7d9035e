import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { UsersPage } from '../../features/admin/components/UsersPage.tsx'
import { meQuery } from '../../features/auth/api/getMe.ts'
import { Loading } from '../../ui/Loading.tsx'

export function UsersRoute() {
  const { t } = useTranslation()
  const { data: me } = useQuery(meQuery)
  if (me == null) return <Loading label={t('common.loading')} />
  return <UsersPage myId={me.id} trailLink={(user) => <Link to="/admin/audit" search={{ user: user.id }} />} />
}
