import { useQuery } from '@tanstack/react-query'
import { meQuery } from '../../features/auth/api/getMe.ts'
import { overviewQuery } from '../../features/campaigns/api/getOverview.ts'

/** Whether this installation may not send yet and the one who is signed in can do something about it. */
export function useIsUnarmedCopy(): boolean {
  const { data: me } = useQuery(meQuery)
  const { data: isArmed = true } = useQuery({ ...overviewQuery, select: ({ armed }) => armed })
  return me?.role === 'admin' && !isArmed
}
