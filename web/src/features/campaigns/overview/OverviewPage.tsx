import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { Overview } from '#contract/overview.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { PageHeader } from '../../../ui/Card.tsx'
import { EmptyState } from '../../../ui/EmptyState.tsx'
import { SkeletonList } from '../../../ui/Skeleton.tsx'
import { MOVING_MS, overviewQuery } from '../api/getOverview.ts'
import { autoPausesOf } from './autoPauses.ts'
import { NeedsYou } from './NeedsYou.tsx'
import { FinishedList, RunningList, ScheduledList } from './OverviewLists.tsx'
import type { OverviewLinks } from './parts.tsx'
import { ChannelsToday, Today } from './Today.tsx'

/** What somebody wants to know who opens the app: does it run, does it need me, what went out today. */
export function OverviewPage({ name, links }: { name: string; links: OverviewLinks }) {
  const { t } = useTranslation()
  const overview = useQuery({
    ...overviewQuery,
    refetchInterval: ({ state }) => ((state.data?.running.length ?? 0) > 0 ? MOVING_MS : 10_000),
  })
  const { data } = overview
  const isNew = data !== undefined && hasNothing(data)
  return (
    <>
      <PageHeader
        title={t(`overview.greeting.${partOfDay(new Date().getHours())}`, { name: firstNameOf(name) })}
        lead={data === undefined ? undefined : <Summary overview={data} />}
      />
      {overview.error !== null && (
        <ErrorNotice error={overview.error} onRetry={() => void overview.refetch()} className="mb-4" />
      )}
      {overview.isPending && <SkeletonList label={t('common.loading')} rows={4} />}
      {isNew && (
        <EmptyState title={t('overview.newTitle')} action={links.firstSteps}>
          {t('overview.newText')}
        </EmptyState>
      )}
      {data !== undefined && !isNew && <Content overview={data} links={links} />}
    </>
  )
}

function Content({ overview, links }: { overview: Overview; links: OverviewLinks }) {
  return (
    <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_20rem]">
      <div className="flex min-w-0 flex-col gap-5">
        <NeedsYou overview={overview} links={links} />
        <RunningList campaigns={overview.running} links={links} />
        <ScheduledList campaigns={overview.scheduled} links={links} />
        <FinishedList campaigns={overview.lastFinished} links={links} />
      </div>
      <div className="flex min-w-0 flex-col gap-5">
        <Today today={overview.today} />
        <ChannelsToday channels={overview.channels} links={links} />
      </div>
    </div>
  )
}

/** One sentence that answers "is everything well?". */
function Summary({ overview }: { overview: Overview }) {
  const { t } = useTranslation()
  if (hasNothing(overview)) return null
  const needs = autoPausesOf(overview).length
  const running = overview.running.length
  if (needs > 0) return t('overview.summaryNeeds', { count: needs })
  return running > 0 ? t('overview.summaryRunning', { count: running }) : t('overview.summaryCalm')
}

function hasNothing({ running, scheduled, paused, channels, lastFinished }: Overview): boolean {
  return [running, scheduled, paused, channels, lastFinished].every((list) => list.length === 0)
}

function partOfDay(hour: number): 'morning' | 'afternoon' | 'evening' {
  if (hour < 5) return 'evening'
  if (hour < 12) return 'morning'
  return hour < 18 ? 'afternoon' : 'evening'
}

function firstNameOf(name: string): string {
  return name.trim().split(/\s+/)[0] ?? name
}
