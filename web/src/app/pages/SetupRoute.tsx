import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { meQuery } from '../../features/auth/api/getMe.ts'
import { SetupForm } from '../../features/auth/components/SetupForm.tsx'
import { GateLayout } from './GateLayout.tsx'

export function SetupRoute() {
  const { t } = useTranslation()
  const client = useQueryClient()
  const navigate = useNavigate()
  return (
    <GateLayout title={t('auth.setupTitle')} lead={t('auth.setupLead')}>
      <SetupForm
        onDone={(me) => {
          client.setQueryData(meQuery.queryKey, me)
          void navigate({ to: '/welcome' })
        }}
      />
    </GateLayout>
  )
}
