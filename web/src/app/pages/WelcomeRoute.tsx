import { useQuery } from '@tanstack/react-query'
import { meQuery } from '../../features/auth/api/getMe.ts'
import { WelcomePage } from '../welcome/WelcomePage.tsx'

export function WelcomeRoute() {
  const { data: me } = useQuery(meQuery)
  return me == null ? null : <WelcomePage key={me.id} userId={me.id} />
}
