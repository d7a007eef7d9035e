import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { CountryField } from '../../../lib/CountryField.tsx'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { Button } from '../../../ui/Button.tsx'
import { Form } from '../../../ui/Form.tsx'
import { Loading } from '../../../ui/Loading.tsx'
import { showToast } from '../../../ui/toasts.ts'
import { userSettingsQuery, useSaveUserSettings } from '../api/userSettings.ts'
import { SettingsSection } from './SettingsSection.tsx'

/** Where numbers without a country code are at home. */
export function CountrySection() {
  const { t } = useTranslation()
  const settings = useQuery(userSettingsQuery)
  return (
    <SettingsSection title={t('settings.country')} lead={t('settings.countryLead')}>
      {settings.error !== null && <ErrorNotice error={settings.error} onRetry={() => void settings.refetch()} />}
      {settings.isPending && <Loading label={t('common.loading')} />}
      {settings.data !== undefined && <CountryForm saved={settings.data.defaultCountry} />}
    </SettingsSection>
  )
}

function CountryForm({ saved }: { saved: string }) {
  const { t } = useTranslation()
  const [country, setCountry] = useState(saved)
  const save = useSaveUserSettings(() => showToast({ title: t('settings.saved') }))
  const submit = () => save.mutate({ defaultCountry: country })
  return (
    <Form className="max-w-md" onSubmit={submit}>
      {save.error !== null && <ErrorNotice error={save.error} onRetry={submit} />}
      <CountryField label={t('settings.countryField')} value={country} onChange={setCountry} />
      <Button type="submit" busy={save.isPending} className="self-start">
        {t('settings.saveCountry')}
      </Button>
    </Form>
  )
}
