import { zodResolver } from '@hookform/resolvers/zod'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import type { z } from 'zod'
import { changePasswordBody, MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from '#contract/auth.ts'
import { fieldErrorKey, fieldErrorText } from '../../../lib/fieldErrors.ts'
import { weakPasswordText } from '../../../lib/weakPasswordText.ts'
import { Button } from '../../../ui/Button.tsx'
import { TextField } from '../../../ui/fields.tsx'
import { showToast } from '../../../ui/toasts.ts'
import { useChangePassword } from '../api/account.ts'
import { needsCode, ProofFields, ProofProblem } from './ProofFields.tsx'
import { SettingsSection } from './SettingsSection.tsx'

type Form = z.infer<typeof changePasswordBody>

/** A new password. The rules are the server's: length, and nothing that is guessed first. */
export function PasswordSection({ hasSecondFactor }: { hasSecondFactor: boolean }) {
  const { t } = useTranslation()
  const { register, handleSubmit, reset, formState } = useForm<Form>({
    resolver: zodResolver(changePasswordBody, { error: fieldErrorKey }),
    defaultValues: { currentPassword: '', newPassword: '' },
  })
  const change = useChangePassword(() => {
    reset()
    showToast({ title: t('settings.passwordChanged'), text: t('settings.othersEnded') })
  })
  const submit = handleSubmit((form) => change.mutate(form))
  const { errors } = formState
  const asksCode = hasSecondFactor || needsCode(change.error)
  return (
    <SettingsSection title={t('settings.password')} lead={t('settings.passwordLead')}>
      <form onSubmit={submit} noValidate className="flex max-w-md flex-col gap-4">
        <ProofProblem error={change.error} onRetry={submit} />
        <ProofFields
          password={register('currentPassword')}
          passwordError={errors.currentPassword?.message}
          code={asksCode ? register('code') : null}
          codeError={errors.code?.message}
          error={change.error}
        />
        <TextField
          label={t('settings.newPassword')}
          hint={t('settings.passwordRules', { min: MIN_PASSWORD_LENGTH, max: MAX_PASSWORD_LENGTH })}
          type="password"
          autoComplete="new-password"
          error={fieldErrorText(t, errors.newPassword?.message) ?? weakPasswordText(t, change.error)}
          {...register('newPassword')}
        />
        <Button type="submit" busy={change.isPending} className="self-start">
          {t('settings.changePassword')}
        </Button>
      </form>
    </SettingsSection>
  )
}
