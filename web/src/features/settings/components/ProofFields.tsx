import { useTranslation } from 'react-i18next'
import type { UseFormRegisterReturn } from 'react-hook-form'
import { ApiError } from '../../../lib/ApiError.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { fieldErrorText } from '../../../lib/fieldErrors.ts'
import { TextField } from '../../../ui/fields.tsx'

type Props = {
  password: UseFormRegisterReturn
  passwordError: string | undefined
  /** Null while no second factor is asked for. */
  code: UseFormRegisterReturn | null
  codeError: string | undefined
  /** Of the call that these prove something to. */
  error: unknown
}

/** What a change of credentials asks for again: the present password, and the code where the second factor is on. */
export function ProofFields({ password, passwordError, code, codeError, error }: Props) {
  const { t } = useTranslation()
  const isWrong = codeOf(error) === 'INVALID_CREDENTIALS'
  const isCodeWrong = codeOf(error) === 'SECOND_FACTOR_REJECTED'
  return (
    <>
      <TextField
        label={t('settings.currentPassword')}
        type="password"
        autoComplete="current-password"
        error={isWrong ? t('settings.passwordWrong') : fieldErrorText(t, passwordError)}
        {...password}
      />
      {code !== null && (
        <TextField
          label={t('auth.code')}
          hint={t('auth.codeHint')}
          autoComplete="one-time-code"
          inputMode="numeric"
          error={isCodeWrong ? t('errors.SECOND_FACTOR_REJECTED.message') : fieldErrorText(t, codeError)}
          {...code}
        />
      )}
    </>
  )
}

const AT_FIELDS = ['INVALID_CREDENTIALS', 'SECOND_FACTOR_REJECTED', 'SECOND_FACTOR_REQUIRED', 'PASSWORD_TOO_WEAK']

/** What went wrong, where no field above says it. */
export function ProofProblem({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  if (error === null || AT_FIELDS.includes(codeOf(error) ?? '')) return null
  return <ErrorNotice error={error} onRetry={onRetry} />
}

/** True when the call needs the code that its form did not ask for. */
export function needsCode(error: unknown): boolean {
  return codeOf(error) === 'SECOND_FACTOR_REQUIRED'
}

function codeOf(error: unknown): string | null {
  return error instanceof ApiError ? error.code : null
}
