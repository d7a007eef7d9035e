import { zodResolver } from '@hookform/resolvers/zod'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { z } from 'zod'
import { createChannelBody } from '#contract/channels.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { fieldErrorKey, fieldErrorText } from '../../../lib/fieldErrors.ts'
import { Button } from '../../../ui/Button.tsx'
import { Dialog } from '../../../ui/Dialog.tsx'
import { TextField } from '../../../ui/fields.tsx'
import { useCreateChannel } from '../api/createChannel.ts'

const cloud = createChannelBody.options[1].shape
const formSchema = z.object({
  name: cloud.name,
  phoneNumberId: cloud.phoneNumberId,
  wabaId: z.union([z.literal(''), cloud.wabaId.unwrap()]),
  token: z.string().min(1).pipe(cloud.token),
  appSecret: cloud.appSecret,
})
type Form = z.infer<typeof formSchema>

/** A number at Meta itself. Token and secret are typed here once and never shown again. */
export function NewCloudDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation()
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={t('channels.newCloud')}
      closeLabel={t('common.close')}
      description={t('channels.newCloudLead')}
    >
      <NewCloudForm onDone={onClose} />
    </Dialog>
  )
}

const FIELDS = [
  { name: 'phoneNumberId', isSecret: false },
  { name: 'wabaId', isSecret: false },
  { name: 'token', isSecret: true },
  { name: 'appSecret', isSecret: true },
] as const

function NewCloudForm({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation()
  const create = useCreateChannel(onDone)
  const { register, handleSubmit, formState } = useForm<Form>({
    resolver: zodResolver(formSchema, { error: fieldErrorKey }),
    defaultValues: { name: '', phoneNumberId: '', wabaId: '', token: '', appSecret: '' },
  })
  const submit = handleSubmit(({ wabaId, ...form }) =>
    create.mutate({ ...form, ...(wabaId === '' ? {} : { wabaId }), gateway: 'cloud' }),
  )
  const { errors } = formState
  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-4">
      {create.error !== null && <ErrorNotice error={create.error} onRetry={submit} />}
      <TextField
        label={t('channels.name')}
        hint={t('channels.nameHint')}
        autoComplete="off"
        error={fieldErrorText(t, errors.name?.message)}
        {...register('name')}
      />
      {FIELDS.map(({ name, isSecret }) => (
        <TextField
          key={name}
          label={t(`channels.cloud.${name}.label`)}
          hint={t(`channels.cloud.${name}.hint`)}
          type={isSecret ? 'password' : 'text'}
          inputMode={isSecret ? undefined : 'numeric'}
          autoComplete={isSecret ? 'new-password' : 'off'}
          spellCheck={false}
          error={fieldErrorText(t, errors[name]?.message)}
          {...register(name)}
        />
      ))}
      <Button type="submit" busy={create.isPending}>
        {t('channels.connect')}
      </Button>
    </form>
  )
}
