import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import type { PreviewRow } from '#contract/imports.ts'
import { formatPhone } from '../../../lib/formatPhone.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { Badge, type Tone } from '../../../ui/Card.tsx'
import { cn } from '../../../ui/cn.ts'
import { ScrollArea } from '../../../ui/ScrollArea.tsx'

const TONES: Record<PreviewRow['verdict'], Tone> = { accepted: 'good', duplicate: 'neutral', rejected: 'bad' }

/** What the first rows of a file would become. */
export function FirstRows({ rows, isStale }: { rows: PreviewRow[]; isStale: boolean }) {
  const { t } = useTranslation()
  const id = useId()
  return (
    <section aria-labelledby={id} aria-busy={isStale} className="flex flex-col gap-3">
      <h3 id={id} className="text-lg font-semibold">
        {t('imports.mapping.rowsTitle', { count: rows.length })}
      </h3>
      <ScrollArea
        as="ol"
        labelledBy={id}
        className={cn(
          'max-h-96 divide-y divide-line rounded-card border border-line transition-opacity duration-(--quick)',
          isStale && 'opacity-55',
        )}
      >
        {rows.map((row) => (
          <Row key={row.line} row={row} />
        ))}
      </ScrollArea>
    </section>
  )
}

function Row({ row }: { row: PreviewRow }) {
  const { t } = useTranslation()
  const format = useFormat()
  const remarks = [
    ...(row.reason === null ? [] : [t(`phones.reasons.${row.reason}`)]),
    ...row.warnings.map((warning) => t(`phones.warnings.${warning}`)),
  ]
  return (
    <li className="grid gap-x-4 gap-y-1 px-3 py-2.5 sm:grid-cols-[7rem_minmax(0,11rem)_minmax(0,1fr)] sm:px-4">
      <span className="flex items-center gap-2">
        <Badge tone={TONES[row.verdict]}>{t(`imports.mapping.verdicts.${row.verdict}`)}</Badge>
        <span className="tabular text-xs text-ink-soft sm:hidden">
          {t('imports.mapping.line', { line: format.number(row.line) })}
        </span>
      </span>
      <span className="tabular text-sm font-medium">{row.phone === null ? '—' : formatPhone(row.phone)}</span>
      <span className="min-w-0 text-sm">
        <span className="[overflow-wrap:anywhere]" dir="auto">
          {row.name}
        </span>
        {remarks.map((remark) => (
          <span key={remark} className="block text-ink-soft">
            {remark}
          </span>
        ))}
      </span>
    </li>
  )
}
