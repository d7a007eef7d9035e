import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { MAX_SUPPRESSED_IN_A_FILE, type ImportedSuppressions } from '#contract/suppressions.ts'
import { CountryField } from '../../../lib/CountryField.tsx'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { useFormat } from '../../../lib/useFormat.ts'
import { Button } from '../../../ui/Button.tsx'
import { Dialog } from '../../../ui/Dialog.tsx'
import { TextField } from '../../../ui/fields.tsx'
import { FileDrop } from '../../../ui/FileDrop.tsx'
import { Notice } from '../../../ui/Notice.tsx'
import { useImportSuppressions } from '../api/suppressions.ts'
import { ReasonField, type GivenReason } from './ReasonField.tsx'

const MAX_NOTE = 500
const SHOWN_REFUSALS = 50

/** A whole list of numbers at once, and what became of its lines. */
export function ImportSuppressionsDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const format = useFormat()
  const [file, setFile] = useState<File | null>(null)
  const [reason, setReason] = useState<GivenReason>('opted_out')
  const [note, setNote] = useState('')
  const [defaultCountry, setDefaultCountry] = useState('BR')
  const [isMissing, setIsMissing] = useState(false)
  const upload = useImportSuppressions()
  const submit = () => {
    setIsMissing(file === null)
    if (file !== null) upload.mutate({ file, reason, note, defaultCountry })
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('suppressions.import')}
      closeLabel={t('common.close')}
      description={t('suppressions.importText', { n: format.number(MAX_SUPPRESSED_IN_A_FILE) })}
    >
      {upload.isSuccess ? (
        <Outcome outcome={upload.data} onClose={onClose} />
      ) : (
        <>
          <FileDrop
            label={t('suppressions.drop')}
            hint={t('suppressions.dropHint')}
            accept=".csv,.txt,text/csv,text/plain"
            file={file}
            disabled={upload.isPending}
            error={isMissing ? t('imports.fileMissing') : undefined}
            onFile={(chosen) => {
              setFile(chosen)
              setIsMissing(false)
              upload.reset()
            }}
          />
          <ReasonField value={reason} hint={t('suppressions.reasonHint')} onChange={setReason} />
          <TextField
            label={t('suppressions.note')}
            value={note}
            maxLength={MAX_NOTE}
            autoComplete="off"
            onChange={(event) => setNote(event.target.value)}
          />
          <CountryField label={t('imports.country')} value={defaultCountry} onChange={setDefaultCountry} />
          {upload.error !== null && <ErrorNotice error={upload.error} onRetry={submit} />}
          <Button busy={upload.isPending} onClick={submit}>
            {t('suppressions.import')}
          </Button>
        </>
      )}
    </Dialog>
  )
}

function Outcome({ outcome, onClose }: { outcome: ImportedSuppressions; onClose: () => void }) {
  const { t } = useTranslation()
  const format = useFormat()
  const said = (count: number) => ({ count, n: format.number(count) })
  const { added, known, refused, refusedCount } = outcome
  return (
    <>
      <Notice tone={refusedCount > 0 ? 'warn' : 'good'} title={t('suppressions.importAdded', said(added))}>
        {t('suppressions.importKnown', said(known))} {t('suppressions.importRefused', said(refusedCount))}
      </Notice>
      {refused.length > 0 && (
        <ul className="flex flex-col gap-1 text-sm">
          {refused.slice(0, SHOWN_REFUSALS).map(({ line, input, reason }) => (
            <li key={line}>
              <strong className="tabular">{t('imports.mapping.line', { line: format.number(line) })}</strong>{' '}
              <span className="[overflow-wrap:anywhere]">{input}</span> · {t(`phones.reasons.${reason}`)}
            </li>
          ))}
          {refusedCount > SHOWN_REFUSALS && (
            <li className="text-ink-soft">{t('suppressions.andMore', said(refusedCount - SHOWN_REFUSALS))}</li>
          )}
        </ul>
      )}
      <Button onClick={onClose}>{t('common.close')}</Button>
    </>
  )
}
