import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { randomId } from '../../../lib/randomId.ts'
import { Button } from '../../../ui/Button.tsx'
import { CopyField } from '../../../ui/CopyField.tsx'
import { Dialog } from '../../../ui/Dialog.tsx'
import { TextField } from '../../../ui/fields.tsx'
import { Form } from '../../../ui/Form.tsx'
import { Notice } from '../../../ui/Notice.tsx'
import { useCreateApiKey } from '../api/apiKeys.ts'

const MAX_NAME = 80

/** A name, then the key, shown this once. */
export function NewApiKeyDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const [key, setKey] = useState<string | null>(null)
  return (
    <Dialog
      open
      onClose={onClose}
      title={key === null ? t('settings.newKey') : t('settings.keyMade')}
      closeLabel={t('common.close')}
    >
      {key === null ? <NameForm onMade={setKey} /> : <MadeKey value={key} onClose={onClose} />}
    </Dialog>
  )
}

function NameForm({ onMade }: { onMade: (key: string) => void }) {
  const { t } = useTranslation()
  const [name, setName] = useState('')
  const [asked, setAsked] = useState(false)
  // A repeat after an answer that got lost brings the same key again instead of a second one.
  const request = useRef({ name: '', idempotencyKey: '' })
  const create = useCreateApiKey((created) => onMade(created.key))
  const submit = () => {
    setAsked(true)
    const wanted = name.trim()
    if (wanted === '') return
    if (request.current.name !== wanted) request.current = { name: wanted, idempotencyKey: randomId() }
    create.mutate(request.current)
  }
  return (
    <Form onSubmit={submit}>
      {create.error !== null && <ErrorNotice error={create.error} onRetry={submit} />}
      <TextField
        label={t('settings.keyName')}
        hint={t('settings.keyNameHint')}
        autoComplete="off"
        maxLength={MAX_NAME}
        value={name}
        error={asked && name.trim() === '' ? t('fields.required') : undefined}
        onChange={(event) => setName(event.target.value)}
      />
      <Button type="submit" busy={create.isPending}>
        {t('settings.makeKey')}
      </Button>
    </Form>
  )
}

function MadeKey({ value, onClose }: { value: string; onClose: () => void }) {
  const { t } = useTranslation()
  return (
    <>
      <Notice tone="warn">{t('settings.keyOnce')}</Notice>
      <CopyField
        label={t('settings.key')}
        value={value}
        copyLabel={t('settings.copy')}
        copiedLabel={t('settings.copied')}
      />
      <Button onClick={onClose}>{t('settings.keyKept')}</Button>
    </>
  )
}
