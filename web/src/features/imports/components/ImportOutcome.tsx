import { useTranslation } from 'react-i18next'
import type { ContactImport } from '#contract/imports.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { ProgressBar } from '../../../ui/bars.tsx'
import { Notice } from '../../../ui/Notice.tsx'

/** A file that is being read, or taken back. */
export function Reading({ shown }: { shown: ContactImport }) {
  const { t } = useTranslation()
  const format = useFormat()
  if (shown.status === 'undoing') return <ProgressBar share={null} label={t('imports.undoing')} />
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
export function Outcome({ shown }: { shown: ContactImport }) {
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

export function Failure({ shown }: { shown: ContactImport }) {
  const { t } = useTranslation()
  const line = shown.failure?.line ?? null
  return (
    <Notice tone="bad" title={t('imports.failed')}>
      {line !== null && `${t('imports.failedAtLine', { line })} `}
      {t(`imports.failure.${shown.failure?.reason ?? 'INTERNAL'}`)}
    </Notice>
  )
}

/** What taking the file back came to: who is out again, and who stayed and why. */
export function Undone({ shown: { undo } }: { shown: ContactImport }) {
  const { t } = useTranslation()
  const format = useFormat()
  if (undo === null) return null
  const line = (count: number) => ({ count, n: format.number(count) })
  return (
    <ul className="flex flex-col gap-1">
      <li className="font-semibold">{t('imports.undoRemoved', line(undo.removed))}</li>
      {undo.keptChanged > 0 && <li>{t('imports.undoKeptChanged', line(undo.keptChanged))}</li>}
      {undo.keptInOtherImport > 0 && <li>{t('imports.undoKeptInOther', line(undo.keptInOtherImport))}</li>}
      {undo.keptForCampaign > 0 && <li>{t('imports.undoKeptForCampaign', line(undo.keptForCampaign))}</li>}
    </ul>
  )
}
