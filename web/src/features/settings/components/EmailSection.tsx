import { zodResolver } from '@hookform/resolvers/zod'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import type { z } from 'zod'
import { changeEmailBody, type Me } from '#contract/auth.ts'
import { ApiError } from '../../../lib/ApiError.ts'
import { fieldErrorKey, fieldErrorText } from '../../../lib/fieldErrors.ts'
import { Button } from '../../../ui/Button.tsx'
import { TextField } from '../../../ui/fields.tsx'
import { showToast } from '../../../ui/toasts.ts'
import { useChangeEmail } from '../api/account.ts'
import { needsCode, ProofFields, ProofProblem } from './ProofFields.tsx'
import { SettingsSection } from './SettingsSection.tsx'

type Form = z.infer<typeof changeEmailBody>
type Props = { email: string; hasSecondFactor: boolean; onChanged: (me: Me) => void }

/** The address that signs in. */
export function EmailSection({ email, hasSecondFactor, onChanged }: Props) {
  const { t } = useTranslation()
  const { register, handleSubmit, reset, formState } = useForm<Form>({
    resolver: zodResolver(changeEmailBody, { error: fieldErrorKey }),
    defaultValues: { currentPassword: '', email: '' },
  })
  const change = useChangeEmail((me) => {
    reset()
    onChanged(me)
    showToast({ title: t('settings.emailChanged'), text: t('settings.othersEnded') })
  })
  const submit = handleSubmit((form) => change.mutate(form))
  const { errors } = formState
  const asksCode = hasSecondFactor || needsCode(change.error)
  const isTaken = change.error instanceof ApiError && change.error.code === 'NAME_TAKEN'
  return (
    <SettingsSection title={t('settings.email')} lead={t('settings.emailLead', { email })}>
      <form onSubmit={submit} noValidate className="flex max-w-md flex-col gap-4">
        {!isTaken && <ProofProblem error={change.error} onRetry={submit} />}
        <TextField
          label={t('settings.newEmail')}
          type="email"
          inputMode="email"
          autoComplete="off"
          error={isTaken ? t('settings.emailTaken') : fieldErrorText(t, errors.email?.message)}
          {...register('email')}
        />
        <ProofFields
          password={register('currentPassword')}
          passwordError={errors.currentPassword?.message}
          code={asksCode ? register('code') : null}
          codeError={errors.code?.message}
          error={change.error}
        />
        <Button type="submit" busy={change.isPending} className="self-start">
          {t('settings.changeEmail')}
        </Button>
      </form>
    </SettingsSection>
  )
}
