import { zodResolver } from '@hookform/resolvers/zod'
import { useEffect, useState } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { signInBody, type Me, type SignInBody } from '#contract/auth.ts'
import { ApiError } from '../../../lib/ApiError.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { fieldErrorKey, fieldErrorText } from '../../../lib/fieldErrors.ts'
import { Button } from '../../../ui/Button.tsx'
import { TextField } from '../../../ui/fields.tsx'
import { useSignIn } from '../api/signIn.ts'

type Props = { email?: string; onSignedIn: (me: Me) => void }

/** E-mail and password, and the code of the second factor once the server asks for it. What was typed stays. */
export function SignInForm({ email = '', onSignedIn }: Props) {
  const { t } = useTranslation()
  const signIn = useSignIn(onSignedIn)
  const { register, handleSubmit, setFocus, formState } = useForm<SignInBody>({
    resolver: zodResolver(signInBody, { error: fieldErrorKey }),
    defaultValues: { email, password: '' },
  })
  const [asksCode, setAsksCode] = useState(false)
  // It appears because of what was just sent, and is what is to be typed next.
  useEffect(() => {
    if (asksCode) setFocus('code')
  }, [asksCode, setFocus])
  const submit = handleSubmit((body) =>
    signIn.mutate(body, { onError: (error) => setAsksCode((asked) => asked || isCodeMissing(error)) }),
  )
  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-4">
      {signIn.error !== null && !isCodeMissing(signIn.error) && <ErrorNotice error={signIn.error} onRetry={submit} />}
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
      {asksCode && (
        <TextField
          label={t('auth.code')}
          hint={t('auth.codeHint')}
          autoComplete="one-time-code"
          inputMode="numeric"
          error={fieldErrorText(t, formState.errors.code?.message)}
          {...register('code')}
        />
      )}
      <Button type="submit" busy={signIn.isPending} className="mt-2">
        {t('auth.signIn')}
      </Button>
    </form>
  )
}

function isCodeMissing(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'SECOND_FACTOR_REQUIRED'
}
