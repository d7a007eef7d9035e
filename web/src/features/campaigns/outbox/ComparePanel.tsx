import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../../../ui/Button.tsx'
import { MAX_COMPARED } from '../api/compareCampaigns.ts'

type Props = {
  ids: readonly string[]
  link: (ids: readonly string[], text: string) => ReactNode
  onClear: () => void
}

/** Stays in sight while campaigns are being chosen for comparison. */
export function ComparePanel({ ids, link, onClear }: Props) {
  const { t } = useTranslation()
  if (ids.length === 0) return null
  const hint = ids.length < 2 ? t('outbox.compareOneMore') : t('outbox.compareAtMost', { count: MAX_COMPARED })
  return (
    <section
      aria-label={t('outbox.compare')}
      className="sticky bottom-20 z-20 mt-4 flex flex-wrap items-center justify-between gap-3 rounded-card border border-line bg-surface p-3 pl-5 shadow-dialog md:bottom-4"
    >
      <p role="status" className="font-medium">
        {t('outbox.chosen', { count: ids.length })}{' '}
        {(ids.length < 2 || ids.length > MAX_COMPARED) && <span className="font-normal text-ink-soft">{hint}</span>}
      </p>
      <div className="flex gap-2">
        <Button look="quiet" size="small" onClick={onClear}>
          {t('outbox.clear')}
        </Button>
        {ids.length >= 2 && ids.length <= MAX_COMPARED && link(ids, t('outbox.compare'))}
      </div>
    </section>
  )
}
