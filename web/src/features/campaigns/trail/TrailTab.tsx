import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { CAMPAIGN_ACTION_NAMES } from './actionNames.ts'
import type { AuditRow } from '#contract/audit.ts'
import { PAUSE_REASONS } from '#contract/states.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { useFormat } from '../../../lib/useFormat.ts'
import { Card } from '../../../ui/Card.tsx'
import { CursorPager } from '../../../ui/CursorPager.tsx'
import { SkeletonList } from '../../../ui/Skeleton.tsx'
import { trailQuery } from '../api/listTrail.ts'

/** Who did what to this campaign, newest first; also what the product did by itself. */
export function TrailTab({ campaignId }: { campaignId: string }) {
  const { t } = useTranslation()
  const trail = useInfiniteQuery(trailQuery(campaignId))
  return (
    <Card className="flex flex-col gap-4" aria-label={t('trail.title')}>
      <h2 className="text-lg font-semibold">{t('trail.title')}</h2>
      {trail.error !== null && <ErrorNotice error={trail.error} onRetry={() => void trail.refetch()} />}
      {trail.isPending && <SkeletonList label={t('common.loading')} rows={3} />}
      <ol className="flex flex-col divide-y divide-line">
        {trail.data?.map((row) => (
          <Row key={row.id} row={row} />
        ))}
      </ol>
      <CursorPager
        moreLabel={t('common.more')}
        hasMore={trail.hasNextPage}
        busy={trail.isFetchingNextPage}
        onMore={() => void trail.fetchNextPage()}
      />
    </Card>
  )
}

function Row({ row }: { row: AuditRow }) {
  const { t } = useTranslation()
  const format = useFormat()
  const action = CAMPAIGN_ACTION_NAMES.find((known) => known === row.action)
  const reason = PAUSE_REASONS.find((known) => known === row.details['reason'])
  return (
    <li className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1 py-3 first:pt-0 last:pb-0">
      <div className="min-w-0">
        <p className="font-medium">{action === undefined ? row.action : t(`trail.action.${action}`)}</p>
        {reason !== undefined && <p className="text-sm text-ink-soft">{t(`pause.${reason}.title`)}</p>}
      </div>
      <p className="tabular text-sm text-ink-soft">
        {row.userName ?? t('trail.byItself')} · <time dateTime={row.at}>{format.instant(row.at)}</time>
      </p>
    </li>
  )
}
