import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { CountryField } from '../../../lib/CountryField.tsx'
import { useFormat } from '../../../lib/useFormat.ts'
import { readStored, writeStored } from '../../../lib/storage.ts'
import { ProgressBar } from '../../../ui/bars.tsx'
import { Button } from '../../../ui/Button.tsx'
import { Card } from '../../../ui/Card.tsx'
import { FileDrop } from '../../../ui/FileDrop.tsx'
import { Icon } from '../../../ui/icons.tsx'
import { useUploadImport } from '../api/uploadImport.ts'

const COUNTRY_KEY = 'importCountry'
const EXAMPLES = [
  { href: '/exemplo-contatos.csv', name: 'CSV' },
  { href: '/exemplo-contatos.xlsx', name: 'Excel (XLSX)' },
]

/** Choose a file and where its numbers are from, then watch it leave. */
export function ImportUpload() {
  const { t } = useTranslation()
  const format = useFormat()
  const [file, setFile] = useState<File | null>(null)
  const [missing, setMissing] = useState(false)
  const [country, setCountry] = useState(readStored(COUNTRY_KEY) ?? 'BR')
  const upload = useUploadImport(() => setFile(null))
  const start = () => {
    setMissing(file === null)
    if (file === null) return
    writeStored(COUNTRY_KEY, country)
    upload.mutate({ file, defaultCountry: country })
  }
  return (
    <Card className="mb-8 flex flex-col gap-4" aria-label={t('imports.newTitle')}>
      <FileDrop
        label={t('imports.drop')}
        hint={file === null ? t('imports.dropHint') : format.fileSize(file.size)}
        accept=".csv,.txt,.tsv,.xlsx,text/csv,text/plain,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        file={file}
        disabled={upload.isPending}
        error={missing ? t('imports.fileMissing') : undefined}
        onFile={(chosen) => {
          setFile(chosen)
          setMissing(false)
          upload.reset()
        }}
      />
      <div className="grid items-end gap-4 sm:grid-cols-[1fr_auto]">
        <CountryField label={t('imports.country')} value={country} onChange={setCountry} />
        <Button busy={upload.isPending} onClick={start}>
          {t('imports.start')}
        </Button>
      </div>
      <p className="text-sm text-ink-soft">{t('imports.countryHint')}</p>
      <p className="flex flex-wrap items-center gap-x-4 text-sm">
        <span className="text-ink-soft">{t('imports.examples')}</span>
        {EXAMPLES.map(({ href, name }) => (
          <a
            key={href}
            href={href}
            download
            className="inline-flex min-h-10 items-center gap-1.5 font-medium text-primary-text underline underline-offset-4"
          >
            <Icon name="download" className="h-4 w-4" />
            {name}
          </a>
        ))}
      </p>
      {upload.isPending && (
        <div className="flex flex-col gap-1.5">
          <ProgressBar share={upload.share === 1 ? null : upload.share} label={t('imports.uploading')} />
          <p className="tabular text-sm text-ink-soft">
            {upload.share === 1
              ? t('imports.uploaded')
              : t('imports.uploadingShare', { percent: Math.floor(upload.share * 100) })}
          </p>
        </div>
      )}
      {upload.error !== null && <ErrorNotice error={upload.error} onRetry={start} />}
    </Card>
  )
}
