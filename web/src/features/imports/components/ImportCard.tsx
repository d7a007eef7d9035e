import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ContactImport, ImportStatus } from '#contract/imports.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { useFormat } from '../../../lib/useFormat.ts'
import { Button, buttonClass } from '../../../ui/Button.tsx'
import { Badge, ItemCard, type Tone } from '../../../ui/Card.tsx'
import { Icon } from '../../../ui/icons.tsx'
import { hasEnded, importCsvUrl, importQuery } from '../api/getImport.ts'
import { ImportMapping } from '../mapping/ImportMapping.tsx'
import { Failure, Outcome, Reading, Undone } from './ImportOutcome.tsx'

const TONES: Record<ImportStatus, Tone> = {
  uploading: 'info',
  preview: 'warn',
  running: 'info',
  completed: 'good',
  failed: 'bad',
  cancelled: 'neutral',
  undoing: 'info',
  undone: 'neutral',
}

type Props = {
  contactImport: ContactImport
  /** Whether a file that waits for its columns is opened at once. */
  isFirst: boolean
  /** The link that starts a campaign with this file's people; where it leads is the app's business. */
  campaignLink: ReactNode
  onDelete: () => void
  onUndo: () => void
}

/** One file: how its columns are read, its progress while it is read, then what became of its rows. */
export function ImportCard({ contactImport: listed, isFirst, campaignLink, onDelete, onUndo }: Props) {
  const { t } = useTranslation()
  const format = useFormat()
  const live = useQuery({ ...importQuery(listed.id), initialData: listed, enabled: !hasEnded(listed) })
  // A short file has ended before the list is read: nobody asks again then, and what the upload left behind is older.
  const shown = hasEnded(listed) ? listed : live.data
  return (
    <ItemCard className="flex flex-col gap-4" aria-label={shown.fileName}>
      <div className="flex flex-wrap items-start justify-between gap-x-3 gap-y-2">
        <div className="min-w-0 flex-1 basis-48">
          <h2 className="text-lg font-semibold [overflow-wrap:anywhere]">{shown.fileName}</h2>
          <p className="text-sm text-ink-soft">
            {format.instant(shown.createdAt)} · {format.region(shown.defaultCountry)} ·{' '}
            {format.fileSize(shown.bytesTotal)}
          </p>
        </div>
        <Badge tone={TONES[shown.status]}>{t(`imports.status.${shown.status}`)}</Badge>
      </div>
      {shown.status === 'preview' && <Waiting shown={shown} isFirst={isFirst} />}
      {shown.status !== 'preview' && !hasEnded(shown) && <Reading shown={shown} />}
      {live.error !== null && <ErrorNotice error={live.error} onRetry={() => void live.refetch()} />}
      {shown.status === 'failed' && <Failure shown={shown} />}
      {shown.status === 'completed' && <Outcome shown={shown} />}
      {shown.status === 'undone' && <Undone shown={shown} />}
      <div className="flex flex-wrap gap-2">
        {shown.status === 'completed' && shown.accepted > 0 && campaignLink}
        {hasEnded(shown) && <Downloads shown={shown} />}
        {shown.status === 'completed' && shown.created > 0 && (
          <Button
            look="quiet"
            size="small"
            icon="refresh"
            aria-label={t('imports.undoNamed', { name: shown.fileName })}
            onClick={onUndo}
          >
            {t('imports.undo')}
          </Button>
        )}
        <EndButton shown={shown} onDelete={onDelete} />
      </div>
    </ItemCard>
  )
}

function Waiting({ shown, isFirst }: { shown: ContactImport; isFirst: boolean }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(isFirst)
  if (open) return <ImportMapping contactImport={shown} />
  return (
    <div className="flex flex-wrap items-center justify-between gap-3">
      <p>{t('imports.mapping.waits')}</p>
      <Button size="small" onClick={() => setOpen(true)}>
        {t('imports.mapping.open')}
      </Button>
    </div>
  )
}

/** Takes the file away once it has ended, stops it before; an undo has to come to its end. */
function EndButton({ shown, onDelete }: { shown: ContactImport; onDelete: () => void }) {
  const { t } = useTranslation()
  if (shown.status === 'undoing') return null
  const ended = hasEnded(shown)
  return (
    <Button
      look="quiet"
      size="small"
      icon={ended ? 'trash' : 'close'}
      aria-label={t(ended ? 'imports.deleteNamed' : 'imports.cancelNamed', { name: shown.fileName })}
      onClick={onDelete}
    >
      {t(ended ? 'common.delete' : 'imports.cancel')}
    </Button>
  )
}

function Downloads({ shown }: { shown: ContactImport }) {
  const { t } = useTranslation()
  return (
    <>
      {shown.rejected > 0 && <CsvLink importId={shown.id} which="rejected" label={t('imports.rejectedCsv')} />}
      {shown.warnings > 0 && <CsvLink importId={shown.id} which="warnings" label={t('imports.warningsCsv')} />}
    </>
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
