import { useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useRouter } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { meQuery } from '../../features/auth/api/getMe.ts'
import { SignInForm } from '../../features/auth/components/SignInForm.tsx'
import { setSessionLost } from '../../lib/sessionLoss.ts'
import { GateLayout } from './GateLayout.tsx'

const route = getRouteApi('/sign-in')

export function SignInRoute() {
  const { t } = useTranslation()
  const client = useQueryClient()
  const router = useRouter()
  const { from } = route.useSearch()
  return (
    <GateLayout title={t('auth.signInTitle')} lead={t('auth.signInLead')}>
      <SignInForm
        onSignedIn={(me) => {
          client.setQueryData(meQuery.queryKey, me)
          setSessionLost(false)
          router.history.push(from ?? '/')
        }}
      />
    </GateLayout>
  )
}
