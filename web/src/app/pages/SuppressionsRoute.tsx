import { useQuery } from '@tanstack/react-query'
import { meQuery } from '../../features/auth/api/getMe.ts'
import { SuppressionsPage } from '../../features/suppressions/components/SuppressionsPage.tsx'

export function SuppressionsRoute() {
  const { data: me } = useQuery(meQuery)
  return <SuppressionsPage userId={me?.id ?? ''} />
}
