import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { Button } from '../../../ui/Button.tsx'
import { Badge } from '../../../ui/Card.tsx'
import { Loading } from '../../../ui/Loading.tsx'
import { showToast } from '../../../ui/toasts.ts'
import { secondFactorQuery, useTurnSecondFactorOff } from '../api/account.ts'
import { EnrolDialog } from './EnrolDialog.tsx'
import { ProofDialog } from './ProofDialog.tsx'
import { SettingsSection } from './SettingsSection.tsx'

/** A few codes left are a warning: without codes and without the device nobody gets in but through an administrator. */
const FEW_CODES = 3

/** The second factor: on, off, and how many backup codes are left. */
export function SecondFactorSection() {
  const { t } = useTranslation()
  const client = useQueryClient()
  const factor = useQuery(secondFactorQuery)
  const [dialog, setDialog] = useState<'on' | 'off' | null>(null)
  const turnOff = useTurnSecondFactorOff(() => {
    setDialog(null)
    showToast({ title: t('settings.factorTurnedOff') })
  })
  const isOn = factor.data?.on === true
  const codesLeft = factor.data?.backupCodesLeft ?? 0
  return (
    <SettingsSection title={t('settings.factor')} lead={t('settings.factorLead')}>
      {factor.error !== null && <ErrorNotice error={factor.error} onRetry={() => void factor.refetch()} />}
      {factor.isPending && <Loading label={t('common.loading')} />}
      {factor.data !== undefined && (
        <div className="flex flex-wrap items-center gap-3">
          <Badge tone={isOn ? 'good' : 'neutral'}>{isOn ? t('settings.factorOn') : t('settings.factorOff')}</Badge>
          {isOn && (
            <span className={codesLeft <= FEW_CODES ? 'text-sm font-medium text-warn-text' : 'text-sm text-ink-soft'}>
              {t('settings.codesLeft', { count: codesLeft })}
            </span>
          )}
        </div>
      )}
      {factor.data !== undefined && (
        <Button
          look={isOn ? 'secondary' : 'primary'}
          icon="key"
          className="self-start"
          onClick={() => setDialog(isOn ? 'off' : 'on')}
        >
          {isOn ? t('settings.factorTurnOff') : t('settings.factorTurnOn')}
        </Button>
      )}
      {dialog === 'on' && (
        <EnrolDialog
          onClose={() => {
            setDialog(null)
            void client.invalidateQueries({ queryKey: secondFactorQuery.queryKey })
          }}
        />
      )}
      {dialog === 'off' && (
        <ProofDialog
          title={t('settings.factorTurnOff')}
          description={t('settings.factorOffText')}
          submitLabel={t('settings.factorTurnOff')}
          asksCode
          call={turnOff}
          onClose={() => {
            turnOff.reset()
            setDialog(null)
          }}
        />
      )}
    </SettingsSection>
  )
}
