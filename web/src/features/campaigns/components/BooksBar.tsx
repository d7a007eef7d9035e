import { useTranslation } from 'react-i18next'
import type { Stats } from '#contract/campaigns.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { StackedBar } from '../../../ui/bars.tsx'
import { BAR_ORDER, STATE_COLOURS } from '../books.ts'

/** The books as one bar: every recipient is in exactly one part of it. */
export function BooksBar({ stats, className }: { stats: Stats; className?: string }) {
  const { t } = useTranslation()
  const format = useFormat()
  const parts = BAR_ORDER.filter((state) => stats[state] > 0)
  const words = parts.map((state) => `${t(`states.${state}`)}: ${format.number(stats[state])}`).join(', ')
  return (
    <StackedBar
      className={className}
      label={words === '' ? t('books.empty') : words}
      segments={parts.map((state) => ({ key: state, value: stats[state], className: STATE_COLOURS[state] }))}
    />
  )
}
