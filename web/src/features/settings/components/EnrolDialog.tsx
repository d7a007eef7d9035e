import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SecondFactorOffer } from '#contract/auth.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { Button } from '../../../ui/Button.tsx'
import { CopyField } from '../../../ui/CopyField.tsx'
import { Dialog } from '../../../ui/Dialog.tsx'
import { TextField } from '../../../ui/fields.tsx'
import { Form } from '../../../ui/Form.tsx'
import { Loading } from '../../../ui/Loading.tsx'
import { Notice } from '../../../ui/Notice.tsx'
import { useConfirmSecondFactor, useOfferSecondFactor } from '../api/account.ts'
import { BackupCodes } from './BackupCodes.tsx'
import { ProofForm } from './ProofDialog.tsx'

// What draws the code is needed here only.
const QrCode = lazy(() => import('./QrCode.tsx'))

/** Turning the second factor on: who it is, the secret for the app, and the codes for the day the device is lost. */
export function EnrolDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const offer = useOfferSecondFactor()
  const confirm = useConfirmSecondFactor()
  const [warned, setWarned] = useState(false)
  const codes = confirm.data?.backupCodes
  // The codes are shown this once: the first try to close says so.
  const close = () => (codes === undefined || warned ? onClose() : setWarned(true))
  return (
    <Dialog
      open
      onClose={close}
      title={codes === undefined ? t('settings.factorTurnOn') : t('settings.codesTitle')}
      closeLabel={t('common.close')}
      description={codes === undefined ? t('settings.factorOnText') : t('settings.codesText')}
    >
      {offer.data === undefined && <ProofForm submitLabel={t('settings.continue')} asksCode={false} call={offer} />}
      {offer.data !== undefined && codes === undefined && <Enrol offer={offer.data} confirm={confirm} />}
      {codes !== undefined && (
        <>
          {warned && <Notice tone="warn">{t('settings.codesWarning')}</Notice>}
          <BackupCodes codes={codes} />
          <Button onClick={onClose}>{t('settings.codesKept')}</Button>
        </>
      )}
    </Dialog>
  )
}

type EnrolProps = { offer: SecondFactorOffer; confirm: ReturnType<typeof useConfirmSecondFactor> }

function Enrol({ offer, confirm }: EnrolProps) {
  const { t } = useTranslation()
  const [code, setCode] = useState('')
  const [asked, setAsked] = useState(false)
  const isEmpty = code.trim() === ''
  return (
    <Form
      onSubmit={() => {
        setAsked(true)
        if (!isEmpty) confirm.mutate(code.trim())
      }}
    >
      <Suspense fallback={<Loading label={t('common.loading')} />}>
        <QrCode text={offer.otpauthUrl} label={t('settings.qrLabel')} />
      </Suspense>
      <CopyField
        label={t('settings.secret')}
        value={offer.secret}
        copyLabel={t('settings.copy')}
        copiedLabel={t('settings.copied')}
        hint={t('settings.secretHint')}
      />
      {confirm.error !== null && <ErrorNotice error={confirm.error} />}
      <TextField
        label={t('settings.firstCode')}
        inputMode="numeric"
        autoComplete="one-time-code"
        value={code}
        error={asked && isEmpty ? t('fields.required') : undefined}
        onChange={(event) => setCode(event.target.value)}
      />
      <Button type="submit" busy={confirm.isPending}>
        {t('settings.factorTurnOn')}
      </Button>
    </Form>
  )
}
