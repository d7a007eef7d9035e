import { zodResolver } from '@hookform/resolvers/zod'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { setupBody, type Me, type SetupBody } from '#contract/auth.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { fieldErrorKey, fieldErrorText } from '../../../lib/fieldErrors.ts'
import { Button } from '../../../ui/Button.tsx'
import { TextField } from '../../../ui/fields.tsx'
import { useSetUp } from '../api/setUp.ts'

/** The first administrator of a new installation. */
export function SetupForm({ onDone }: { onDone: (me: Me) => void }) {
  const { t } = useTranslation()
  const setUp = useSetUp(onDone)
  const { register, handleSubmit, formState } = useForm<SetupBody>({
    resolver: zodResolver(setupBody, { error: fieldErrorKey }),
    defaultValues: { name: '', email: '', password: '' },
  })
  const submit = handleSubmit((body) => setUp.mutate(body))
  const { errors } = formState
  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-4">
      {setUp.error !== null && <ErrorNotice error={setUp.error} onRetry={submit} />}
      <TextField
        label={t('auth.name')}
        autoComplete="name"
        error={fieldErrorText(t, errors.name?.message)}
        {...register('name')}
      />
      <TextField
        label={t('auth.email')}
        type="email"
        autoComplete="username"
        inputMode="email"
        error={fieldErrorText(t, errors.email?.message)}
        {...register('email')}
      />
      <TextField
        label={t('auth.password')}
        hint={t('auth.passwordHint')}
        type="password"
        autoComplete="new-password"
        error={fieldErrorText(t, errors.password?.message)}
        {...register('password')}
      />
      <Button type="submit" busy={setUp.isPending} className="mt-2">
        {t('auth.setUp')}
      </Button>
    </form>
  )
}
