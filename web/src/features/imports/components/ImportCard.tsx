import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ContactImport, ImportStatus } from '#contract/imports.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { useFormat } from '../../../lib/useFormat.ts'
import { ProgressBar } from '../../../ui/bars.tsx'
import { Button, buttonClass } from '../../../ui/Button.tsx'
import { Badge, ItemCard, type Tone } from '../../../ui/Card.tsx'
import { Icon } from '../../../ui/icons.tsx'
import { Notice } from '../../../ui/Notice.tsx'
import { hasEnded, importCsvUrl, importQuery } from '../api/getImport.ts'

const TONES: Record<ImportStatus, Tone> = {
  uploading: 'info',
  preview: 'info',
  running: 'info',
  completed: 'good',
  failed: 'bad',
  cancelled: 'neutral',
  undoing: 'info',
  undone: 'neutral',
}

type Props = {
  contactImport: ContactImport
  /** The link that starts a campaign with this file's people; where it leads is the app's business. */
  campaignLink: ReactNode
  onDelete: () => void
}

/** One file: its progress while it is read, then what became of its rows. */
export function ImportCard({ contactImport: listed, campaignLink, onDelete }: Props) {
  const { t } = useTranslation()
  const format = useFormat()
  const live = useQuery({ ...importQuery(listed.id), initialData: listed, enabled: !hasEnded(listed) })
  // A short file has ended before the list is read: nobody asks again then, and what the upload left behind is older.
  const shown = hasEnded(listed) ? listed : live.data
  return (
    <ItemCard className="flex flex-col gap-4" aria-label={shown.fileName}>
      <div className="flex items-start justify-between gap-3">
        <div className="min-w-0 flex-1">
          <h2 className="text-lg font-semibold [overflow-wrap:anywhere]">{shown.fileName}</h2>
          <p className="text-sm text-ink-soft">
            {format.instant(shown.createdAt)} · {format.region(shown.defaultCountry)} ·{' '}
            {format.megabytes(shown.bytesTotal)}
          </p>
        </div>
        <Badge tone={TONES[shown.status]}>{t(`imports.status.${shown.status}`)}</Badge>
      </div>
      {!hasEnded(shown) && <Reading shown={shown} />}
      {live.error !== null && <ErrorNotice error={live.error} onRetry={() => void live.refetch()} />}
      {shown.status === 'failed' && <Failure shown={shown} />}
      {shown.status === 'completed' && <Outcome shown={shown} />}
      <div className="flex flex-wrap gap-2">
        {shown.status === 'completed' && shown.accepted > 0 && campaignLink}
        {hasEnded(shown) && shown.rejected > 0 && (
          <CsvLink importId={shown.id} which="rejected" label={t('imports.rejectedCsv')} />
        )}
        {hasEnded(shown) && shown.warnings > 0 && (
          <CsvLink importId={shown.id} which="warnings" label={t('imports.warningsCsv')} />
        )}
        {hasEnded(shown) ? (
          <Button
            look="quiet"
            size="small"
            icon="trash"
            aria-label={t('imports.deleteNamed', { name: shown.fileName })}
            onClick={onDelete}
          >
            {t('common.delete')}
          </Button>
        ) : (
          <Button
            look="quiet"
            size="small"
            icon="close"
            aria-label={t('imports.cancelNamed', { name: shown.fileName })}
            onClick={onDelete}
          >
            {t('imports.cancel')}
          </Button>
        )}
      </div>
    </ItemCard>
  )
}

function Reading({ shown }: { shown: ContactImport }) {
  const { t } = useTranslation()
  const format = useFormat()
  const share = shown.bytesTotal > 0 ? shown.bytesRead / shown.bytesTotal : null
  return (
    <div className="flex flex-col gap-1.5">
      <ProgressBar share={share} label={t('imports.reading')} />
      <p className="tabular text-sm text-ink-soft">
        {t('imports.rowsRead', { count: shown.rows, rows: format.number(shown.rows) })}
      </p>
    </div>
  )
}

/** The balance of the file: each line says one thing, and together they are all rows. */
function Outcome({ shown }: { shown: ContactImport }) {
  const { t } = useTranslation()
  const format = useFormat()
  const line = (count: number) => ({ count, n: format.number(count) })
  return (
    <ul className="flex flex-col gap-1">
      <li className="font-semibold">{t('imports.accepted', line(shown.accepted))}</li>
      <li>{t('imports.created', line(shown.created))}</li>
      {shown.duplicates > 0 && <li>{t('imports.duplicates', line(shown.duplicates))}</li>}
      {shown.rejected > 0 && <li>{t('imports.rejected', line(shown.rejected))}</li>}
      {shown.warnings > 0 && <li>{t('imports.warnings', line(shown.warnings))}</li>}
      <li className="tabular mt-1 text-sm text-ink-soft">
        {t('imports.balance', {
          accepted: format.number(shown.accepted),
          duplicates: format.number(shown.duplicates),
          rejected: format.number(shown.rejected),
          rows: format.number(shown.rows),
        })}
      </li>
    </ul>
  )
}

function Failure({ shown }: { shown: ContactImport }) {
  const { t } = useTranslation()
  const line = shown.failure?.line ?? null
  return (
    <Notice tone="bad" title={t('imports.failed')}>
      {line !== null && `${t('imports.failedAtLine', { line })} `}
      {t(`imports.failure.${shown.failure?.reason ?? 'INTERNAL'}`)}
    </Notice>
  )
}

function CsvLink({ importId, which, label }: { importId: string; which: 'rejected' | 'warnings'; label: string }) {
  return (
    <a href={importCsvUrl(importId, which)} download className={buttonClass({ look: 'secondary', size: 'small' })}>
      <Icon name="download" />
      {label}
    </a>
  )
}
