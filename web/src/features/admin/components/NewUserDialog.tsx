import { zodResolver } from '@hookform/resolvers/zod'
import { useRef } from 'react'
import { Controller, useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { createUserBody, MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH, ROLES, type CreateUserBody } from '#contract/auth.ts'
import { ApiError } from '../../../lib/ApiError.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { fieldErrorKey, fieldErrorText } from '../../../lib/fieldErrors.ts'
import { randomId } from '../../../lib/randomId.ts'
import { weakPasswordText } from '../../../lib/weakPasswordText.ts'
import { Button } from '../../../ui/Button.tsx'
import { Dialog } from '../../../ui/Dialog.tsx'
import { TextField } from '../../../ui/fields.tsx'
import { Segmented } from '../../../ui/Segmented.tsx'
import { showToast } from '../../../ui/toasts.ts'
import { useCreateUser } from '../api/users.ts'

/** An account for somebody else, with a first password to hand over. */
export function NewUserDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('adminUsers.new')}
      closeLabel={t('common.close')}
      description={t('adminUsers.newText')}
    >
      <NewUserForm onDone={onClose} />
    </Dialog>
  )
}

function NewUserForm({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation()
  const { register, control, handleSubmit, formState } = useForm<CreateUserBody>({
    resolver: zodResolver(createUserBody, { error: fieldErrorKey }),
    defaultValues: { name: '', email: '', password: '', role: 'user' },
  })
  const create = useCreateUser(({ name }) => {
    showToast({ title: t('adminUsers.made', { name }) })
    onDone()
  })
  const keyFor = useKeyFor()
  const submit = handleSubmit((body) => create.mutate({ body, idempotencyKey: keyFor(body) }))
  const { errors } = formState
  const weak = weakPasswordText(t, create.error)
  const isTaken = create.error instanceof ApiError && create.error.code === 'NAME_TAKEN'
  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-4">
      {create.error !== null && weak === undefined && !isTaken && <ErrorNotice error={create.error} onRetry={submit} />}
      <TextField
        label={t('adminUsers.name')}
        autoComplete="off"
        error={fieldErrorText(t, errors.name?.message)}
        {...register('name')}
      />
      <TextField
        label={t('auth.email')}
        type="email"
        inputMode="email"
        autoComplete="off"
        error={fieldErrorText(t, errors.email?.message) ?? (isTaken ? t('settings.emailTaken') : undefined)}
        {...register('email')}
      />
      <TextField
        label={t('adminUsers.firstPassword')}
        hint={t('settings.passwordRules', { min: MIN_PASSWORD_LENGTH, max: MAX_PASSWORD_LENGTH })}
        type="password"
        autoComplete="new-password"
        error={fieldErrorText(t, errors.password?.message) ?? weak}
        {...register('password')}
      />
      <Controller
        control={control}
        name="role"
        render={({ field }) => (
          <Segmented
            label={t('adminUsers.role')}
            value={field.value}
            options={ROLES.toReversed().map((value) => ({ value, label: t(`adminUsers.roles.${value}`) }))}
            onChange={field.onChange}
          />
        )}
      />
      <Button type="submit" busy={create.isPending}>
        {t('adminUsers.make')}
      </Button>
    </form>
  )
}

/** The same form keeps its key, so that pressing again after a lost answer makes no second account. */
function useKeyFor(): (body: CreateUserBody) => string {
  const last = useRef({ text: '', key: '' })
  return (body) => {
    const text = JSON.stringify(body)
    if (text !== last.current.text) last.current = { text, key: randomId() }
    return last.current.key
  }
}
