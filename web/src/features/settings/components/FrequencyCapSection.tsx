import { zodResolver } from '@hookform/resolvers/zod'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { frequencyCap, type FrequencyCap } from '#contract/frequencyCap.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { fieldErrorKey, fieldErrorText } from '../../../lib/fieldErrors.ts'
import { Button } from '../../../ui/Button.tsx'
import { CheckField, TextField } from '../../../ui/fields.tsx'
import { Form } from '../../../ui/Form.tsx'
import { Loading } from '../../../ui/Loading.tsx'
import { showToast } from '../../../ui/toasts.ts'
import { frequencyCapQuery, useSaveFrequencyCap } from '../api/frequencyCap.ts'
import { SettingsSection } from './SettingsSection.tsx'

/** What is offered to whoever turns the cap on: one message a week bothers nobody. */
const OFFERED: FrequencyCap = { count: 1, days: 7 }

/** How often one person may be written to, over all campaigns of the account. */
export function FrequencyCapSection() {
  const { t } = useTranslation()
  const cap = useQuery(frequencyCapQuery)
  return (
    <SettingsSection title={t('settings.cap')} lead={t('settings.capLead')}>
      {cap.error !== null && <ErrorNotice error={cap.error} onRetry={() => void cap.refetch()} />}
      {cap.isPending && <Loading label={t('common.loading')} />}
      {cap.data !== undefined && <CapForm saved={cap.data.frequencyCap} />}
    </SettingsSection>
  )
}

function CapForm({ saved }: { saved: FrequencyCap | null }) {
  const { t } = useTranslation()
  const [isOn, setIsOn] = useState(saved !== null)
  const save = useSaveFrequencyCap(() => showToast({ title: t('settings.saved') }))
  const { register, handleSubmit, formState } = useForm<FrequencyCap>({
    resolver: zodResolver(frequencyCap, { error: fieldErrorKey }),
    defaultValues: saved ?? OFFERED,
  })
  const submitOn = handleSubmit((cap) => save.mutate(cap))
  const submit = () => (isOn ? void submitOn() : save.mutate(null))
  return (
    <Form className="max-w-md" onSubmit={submit}>
      {save.error !== null && <ErrorNotice error={save.error} onRetry={submit} />}
      <CheckField
        label={t('settings.capOn')}
        hint={t('settings.capHint')}
        checked={isOn}
        onChange={(event) => setIsOn(event.target.checked)}
      />
      {isOn && (
        <div className="grid grid-cols-2 gap-4">
          <TextField
            label={t('settings.capCount')}
            type="number"
            inputMode="numeric"
            min={1}
            error={fieldErrorText(t, formState.errors.count?.message)}
            {...register('count', { valueAsNumber: true })}
          />
          <TextField
            label={t('settings.capDays')}
            type="number"
            inputMode="numeric"
            min={1}
            error={fieldErrorText(t, formState.errors.days?.message)}
            {...register('days', { valueAsNumber: true })}
          />
        </div>
      )}
      <Button type="submit" busy={save.isPending} className="self-start">
        {t('common.save')}
      </Button>
    </Form>
  )
}
