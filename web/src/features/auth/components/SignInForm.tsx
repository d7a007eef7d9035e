import { zodResolver } from '@hookform/resolvers/zod'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { signInBody, type Me, type SignInBody } from '#contract/auth.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { fieldErrorKey, fieldErrorText } from '../../../lib/fieldErrors.ts'
import { Button } from '../../../ui/Button.tsx'
import { TextField } from '../../../ui/fields.tsx'
import { useSignIn } from '../api/signIn.ts'

type Props = { email?: string; onSignedIn: (me: Me) => void }

/** E-mail and password. What was typed stays when the server says no. */
export function SignInForm({ email = '', onSignedIn }: Props) {
  const { t } = useTranslation()
  const signIn = useSignIn(onSignedIn)
  const { register, handleSubmit, formState } = useForm<SignInBody>({
    resolver: zodResolver(signInBody, { error: fieldErrorKey }),
    defaultValues: { email, password: '' },
  })
  const submit = handleSubmit((body) => signIn.mutate(body))
  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-4">
      {signIn.error !== null && <ErrorNotice error={signIn.error} onRetry={submit} />}
      <TextField
        label={t('auth.email')}
        type="email"
        autoComplete="username"
        inputMode="email"
        error={fieldErrorText(t, formState.errors.email?.message)}
        {...register('email')}
      />
      <TextField
        label={t('auth.password')}
        type="password"
        autoComplete="current-password"
        error={fieldErrorText(t, formState.errors.password?.message)}
        {...register('password')}
      />
      <Button type="submit" busy={signIn.isPending} className="mt-2">
        {t('auth.signIn')}
      </Button>
    </form>
  )
}
