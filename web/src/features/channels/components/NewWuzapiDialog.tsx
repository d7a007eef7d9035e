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

const wuzapi = createChannelBody.options[0].shape
const formSchema = z.object({ name: wuzapi.name, baseUrl: wuzapi.baseUrl, token: wuzapi.token })
type Form = z.infer<typeof formSchema>

/** Connects a number behind WuzAPI. The token is typed here once and never shown again. */
export function NewWuzapiDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation()
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={t('channels.newWuzapi')}
      closeLabel={t('common.close')}
      description={t('channels.newWuzapiLead')}
    >
      <NewWuzapiForm onDone={onClose} />
    </Dialog>
  )
}

function NewWuzapiForm({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation()
  const create = useCreateChannel(onDone)
  const { register, handleSubmit, formState } = useForm<Form>({
    resolver: zodResolver(formSchema, { error: fieldErrorKey }),
    defaultValues: { name: '', baseUrl: '', token: '' },
  })
  const submit = handleSubmit((form) => create.mutate({ ...form, gateway: 'wuzapi' }))
  const { errors } = formState
  return (
    <ConnectForm call={create} onSubmit={() => void submit()} name={register('name')} nameError={errors.name?.message}>
      <TextField
        label={t('channels.baseUrl')}
        hint={t('channels.baseUrlHint')}
        type="url"
        inputMode="url"
        autoComplete="off"
        placeholder="https://"
        error={fieldErrorText(t, errors.baseUrl?.message)}
        {...register('baseUrl')}
      />
      <TextField
        label={t('channels.token')}
        hint={t('channels.tokenHint')}
        type="password"
        autoComplete="new-password"
        spellCheck={false}
        error={fieldErrorText(t, errors.token?.message)}
        {...register('token')}
      />
    </ConnectForm>
  )
}
