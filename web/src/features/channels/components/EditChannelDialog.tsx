import { zodResolver } from '@hookform/resolvers/zod'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { z } from 'zod'
import { editChannelBody, type Channel, type EditChannelBody } from '#contract/channels.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { fieldErrorKey, fieldErrorText } from '../../../lib/fieldErrors.ts'
import { Button } from '../../../ui/Button.tsx'
import { Dialog } from '../../../ui/Dialog.tsx'
import { TextField } from '../../../ui/fields.tsx'
import { useEditChannel } from '../api/editChannel.ts'

const { name, baseUrl, token } = editChannelBody.shape
const formSchema = z.object({
  name: name.unwrap(),
  baseUrl,
  token,
  minDelaySeconds: z.number().min(0).max(3600),
  /** Empty is no limit. */
  dailyCap: z.union([z.literal(''), z.string().regex(/^[1-9]\d{0,6}$/)]),
})
type Form = z.infer<typeof formSchema>

type Props = { channel: Channel | null; onClose: () => void }

/** Name, address, least pause, daily cap; and a new token in place of the old one, which nobody can see. */
export function EditChannelDialog({ channel, onClose }: Props) {
  const { t } = useTranslation()
  return (
    <Dialog open={channel !== null} onClose={onClose} title={t('channels.editTitle')} closeLabel={t('common.close')}>
      {channel !== null && <EditChannelForm key={channel.id} channel={channel} onDone={onClose} />}
    </Dialog>
  )
}

function EditChannelForm({ channel, onDone }: { channel: Channel; onDone: () => void }) {
  const { t } = useTranslation()
  const edit = useEditChannel(channel.id, onDone)
  const { register, handleSubmit, formState, setError, unregister } = useForm<Form>({
    resolver: zodResolver(formSchema, { error: fieldErrorKey }),
    defaultValues: {
      name: channel.name,
      baseUrl: channel.baseUrl ?? undefined,
      minDelaySeconds: channel.minDelay / 1000,
      dailyCap: channel.dailyCap === null ? '' : String(channel.dailyCap),
    },
  })
  const [changesToken, setChangesToken] = useState(false)
  const submit = handleSubmit((form) => {
    const body = changedFields(channel, form)
    if (needsToken(channel, body)) {
      setChangesToken(true)
      setError('token', { message: 'tokenForNewAddress' })
    } else if (Object.keys(body).length === 0) onDone()
    else edit.mutate(body)
  })
  const { errors } = formState
  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-4">
      {edit.error !== null && <ErrorNotice error={edit.error} onRetry={submit} />}
      <TextField
        label={t('channels.name')}
        autoComplete="off"
        error={fieldErrorText(t, errors.name?.message)}
        {...register('name')}
      />
      {channel.gateway === 'wuzapi' && (
        <TextField
          label={t('channels.baseUrl')}
          type="url"
          inputMode="url"
          autoComplete="off"
          error={fieldErrorText(t, errors.baseUrl?.message)}
          {...register('baseUrl')}
        />
      )}
      <TextField
        label={t('channels.minDelaySeconds')}
        hint={t('channels.minDelayHint')}
        type="number"
        inputMode="decimal"
        min={0}
        step="any"
        error={fieldErrorText(t, errors.minDelaySeconds?.message)}
        {...register('minDelaySeconds', { valueAsNumber: true })}
      />
      <TextField
        label={t('channels.dailyCap')}
        hint={t('channels.dailyCapHint')}
        inputMode="numeric"
        autoComplete="off"
        error={fieldErrorText(t, errors.dailyCap?.message)}
        {...register('dailyCap')}
      />
      {channel.gateway === 'wuzapi' && !changesToken && (
        <div className="flex flex-wrap items-center justify-between gap-2 rounded-control bg-sunk p-3">
          <span className="text-sm text-ink-soft">{t('channels.tokenStored')}</span>
          <Button look="secondary" size="small" icon="key" onClick={() => setChangesToken(true)}>
            {t('channels.changeToken')}
          </Button>
        </div>
      )}
      {changesToken && (
        <>
          <TextField
            label={t('channels.newToken')}
            hint={t('channels.newTokenHint')}
            type="password"
            autoComplete="new-password"
            spellCheck={false}
            error={fieldErrorText(t, errors.token?.message)}
            {...register('token')}
          />
          <Button
            look="quiet"
            size="small"
            className="self-start"
            onClick={() => {
              unregister('token')
              setChangesToken(false)
            }}
          >
            {t('channels.keepToken')}
          </Button>
        </>
      )}
      <Button type="submit" busy={edit.isPending}>
        {t('common.save')}
      </Button>
    </form>
  )
}

/** Only what differs travels: the server refuses an empty change and must not re-check an address nobody touched. */
function changedFields(channel: Channel, form: Form): EditChannelBody {
  const minDelay = Math.round(form.minDelaySeconds * 1000)
  const dailyCap = form.dailyCap === '' ? null : Number(form.dailyCap)
  return {
    ...(form.name === channel.name ? {} : { name: form.name }),
    ...(form.baseUrl === undefined || form.baseUrl === channel.baseUrl ? {} : { baseUrl: form.baseUrl }),
    ...(minDelay === channel.minDelay ? {} : { minDelay }),
    ...(dailyCap === channel.dailyCap ? {} : { dailyCap }),
    ...(form.token === undefined ? {} : { token: form.token }),
  }
}

/** The server sends a stored token to no other origin than the one it was entered for. */
function needsToken(channel: Channel, { baseUrl: next, token: given }: EditChannelBody): boolean {
  if (next === undefined || given !== undefined || channel.baseUrl === null) return false
  return new URL(next).origin !== new URL(channel.baseUrl).origin
}
