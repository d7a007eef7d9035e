import { infiniteQueryOptions } from '@tanstack/react-query'
import type { CampaignSummary } from '#contract/campaigns.ts'
import type { CampaignStatus } from '#contract/states.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import type { Page } from '../../../lib/Page.ts'
import type { OutboxView } from '../outboxViews.ts'

export const campaignsKey = ['campaigns', 'list']

const MOVING_POLL_MS = 3000

/** What a view asks the server for, and whom of the answer it shows. */
const VIEWS: Record<OutboxView, { path: string; status?: CampaignStatus; shows?: readonly CampaignStatus[] }> = {
  all: { path: '' },
  // The server's list of what is under way holds the scheduled ones too; they have a view of their own.
  active: { path: '/active', shows: ['running', 'paused'] },
  scheduled: { path: '', status: 'scheduled' },
  finished: { path: '/history' },
  drafts: { path: '', status: 'draft' },
}

/** The states that can be told apart within a view. */
export function statusesOf(view: OutboxView): readonly CampaignStatus[] {
  if (view === 'finished') return ['completed', 'cancelled', 'failed']
  if (view === 'active') return ['running', 'paused']
  return view === 'all' ? ['draft', 'scheduled', 'running', 'paused', 'completed', 'cancelled', 'failed'] : []
}

/** Campaigns of a view, newest first, of one state or of all. Looks again every 3 s while one of them moves. */
export function campaignsQuery(view: OutboxView, status: CampaignStatus | undefined) {
  const { path, status: own, shows } = VIEWS[view]
  return infiniteQueryOptions({
    queryKey: [...campaignsKey, view, status ?? 'all'],
    queryFn: ({ pageParam, signal }) =>
      apiClient.get<Page<CampaignSummary>>(`/api/user/bulk-campaigns${path}`, {
        query: { limit: 20, status: own ?? status, cursor: pageParam },
        signal,
      }),
    select: ({ pages }) =>
      pages.flatMap((page) => page.items).filter((item) => shows === undefined || shows.includes(item.status)),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: Page<CampaignSummary>) => last.nextCursor ?? undefined,
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.items.some(isMoving)) === true ? MOVING_POLL_MS : false,
  })
}

function isMoving({ status, preparing }: CampaignSummary): boolean {
  return status === 'running' || preparing
}
