import { zodResolver } from '@hookform/resolvers/zod'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { z } from 'zod'
import { createChannelBody } from '#contract/channels.ts'
import { fieldErrorKey, fieldErrorText } from '../../../lib/fieldErrors.ts'
import { Dialog } from '../../../ui/Dialog.tsx'
import { TextField } from '../../../ui/fields.tsx'
import { useCreateChannel } from '../api/createChannel.ts'
import { ConnectForm } from './ConnectForm.tsx'

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
    <ConnectForm call={create} onSubmit={() => void submit()} name={register('name')} nameError={errors.name?.message}>
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
    </ConnectForm>
  )
}
