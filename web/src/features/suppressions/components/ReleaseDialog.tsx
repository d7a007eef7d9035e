import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { CountryField } from '../../../lib/CountryField.tsx'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { PhoneField } from '../../../lib/phones/PhoneField.tsx'
import { Button } from '../../../ui/Button.tsx'
import { Dialog } from '../../../ui/Dialog.tsx'
import { TextField } from '../../../ui/fields.tsx'
import { Form } from '../../../ui/Form.tsx'
import { showToast } from '../../../ui/toasts.ts'
import { useRelease } from '../api/suppressions.ts'

const MIN_HOW = 3
const MAX_HOW = 200

/** Somebody who was erased wants messages again: their number, how they agreed, and when. */
export function ReleaseDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const [phone, setPhone] = useState('')
  const [defaultCountry, setDefaultCountry] = useState('BR')
  const [how, setHow] = useState('')
  const [at, setAt] = useState(() => localNow())
  const [isChecked, setIsChecked] = useState(false)
  const release = useRelease(() => {
    showToast({ title: t('suppressions.released') })
    onClose()
  })
  const isHowMissing = how.trim().length < MIN_HOW
  const submit = () => {
    setIsChecked(true)
    if (phone.trim() === '' || isHowMissing || at === '') return
    const optIn = { how: how.trim(), at: new Date(at).toISOString() }
    release.mutate({ phone: phone.trim(), defaultCountry, optIn })
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('suppressions.release')}
      closeLabel={t('common.close')}
      description={t('suppressions.releaseText')}
    >
      <Form onSubmit={submit}>
        <PhoneField
          label={t('contacts.phone')}
          value={phone}
          defaultCountry={defaultCountry}
          error={isChecked && phone.trim() === '' ? t('fields.required') : undefined}
          onChange={setPhone}
        />
        <CountryField label={t('imports.country')} value={defaultCountry} onChange={setDefaultCountry} />
        <TextField
          label={t('suppressions.optInHow')}
          hint={t('suppressions.optInHowHint')}
          value={how}
          maxLength={MAX_HOW}
          autoComplete="off"
          error={isChecked && isHowMissing ? t('fields.tooShort', { count: MIN_HOW }) : undefined}
          onChange={(event) => setHow(event.target.value)}
        />
        <TextField
          label={t('suppressions.optInAt')}
          type="datetime-local"
          value={at}
          max={localNow()}
          error={isChecked && at === '' ? t('fields.required') : undefined}
          onChange={(event) => setAt(event.target.value)}
        />
        {release.error !== null && <ErrorNotice error={release.error} onRetry={submit} />}
        <Button type="submit" busy={release.isPending}>
          {t('suppressions.releaseConfirm')}
        </Button>
      </Form>
    </Dialog>
  )
}

/** Now on the wall clock of whoever sits here, as the browser's field writes it. */
function localNow(): string {
  const now = new Date()
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
