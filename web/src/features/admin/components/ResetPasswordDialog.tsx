import { zodResolver } from '@hookform/resolvers/zod'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { z } from 'zod'
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH, password, type AdminUser } from '#contract/auth.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { fieldErrorKey, fieldErrorText } from '../../../lib/fieldErrors.ts'
import { weakPasswordText } from '../../../lib/weakPasswordText.ts'
import { Button } from '../../../ui/Button.tsx'
import { Dialog } from '../../../ui/Dialog.tsx'
import { TextField } from '../../../ui/fields.tsx'
import type { useChangeUser } from '../api/users.ts'

const schema = z.object({ password })

type Props = { user: AdminUser; change: ReturnType<typeof useChangeUser>; onClose: () => void }

/** A new password for somebody who lost theirs; every session of theirs ends. */
export function ResetPasswordDialog({ user, change, onClose }: Props) {
  const { t } = useTranslation()
  const { register, handleSubmit, formState } = useForm<z.infer<typeof schema>>({
    resolver: zodResolver(schema, { error: fieldErrorKey }),
    defaultValues: { password: '' },
  })
  const submit = handleSubmit((form) => change.mutate(form))
  const weak = weakPasswordText(t, change.error)
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('adminUsers.passwordTitle', { name: user.name })}
      closeLabel={t('common.close')}
      description={t('adminUsers.passwordText')}
    >
      <form onSubmit={submit} noValidate className="flex flex-col gap-4">
        {change.error !== null && weak === undefined && <ErrorNotice error={change.error} onRetry={submit} />}
        <TextField
          label={t('settings.newPassword')}
          hint={t('settings.passwordRules', { min: MIN_PASSWORD_LENGTH, max: MAX_PASSWORD_LENGTH })}
          type="password"
          autoComplete="new-password"
          error={fieldErrorText(t, formState.errors.password?.message) ?? weak}
          {...register('password')}
        />
        <Button type="submit" busy={change.isPending}>
          {t('adminUsers.act.password')}
        </Button>
      </form>
    </Dialog>
  )
}
