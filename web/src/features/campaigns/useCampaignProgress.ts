import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import type { CampaignProgress } from '#contract/campaigns.ts'
import { useWake } from '../../lib/useWake.ts'
import { getProgress, isSettled, newerOf, progressKey } from './api/getProgress.ts'

/** `live`: events arrive. `polling`: they do not, and the page asks. `ended`: nothing more is sent. */
export type Connection = 'connecting' | 'live' | 'polling' | 'ended'

/** How often the page asks while events do not arrive. */
const POLL_MS = 5000
/** How often it checks, without need, that silence on the stream means that nothing happened. */
const PROOF_MS = 15_000
/** How long a stream that was cut is left alone before it is tried again. */
const REOPEN_MS = 10_000
/** How often it looks for receipts of a campaign that has ended: people read messages hours later. */
const RECEIPTS_MS = 10_000
/** An answer newer than the last event by this much, with other numbers, proves that events were lost. */
const LOST_EVENT_MS = 3000

/**
 * The books of one campaign, at most a second old: pushed by the server, or asked for every 5 s where the stream is
 * cut (a proxy that buffers, a laptop that slept). Says which of the two it is.
 */
export function useCampaignProgress(campaignId: string) {
  const client = useQueryClient()
  const [connection, setConnection] = useState<Connection>('connecting')
  const lastEventAt = useRef<number | null>(null)
  const isVisible = usePageVisible()
  const [wakes, setWakes] = useState(0)

  const query = useQuery({
    queryKey: progressKey(campaignId),
    queryFn: async (context) => {
      const fetched = await getProgress(campaignId, context.signal)
      const known = client.getQueryData<CampaignProgress>(progressKey(campaignId))
      if (eventsWereLost(known, fetched, lastEventAt.current)) setConnection('polling')
      return newerOf(known, fetched)
    },
    refetchInterval: ({ state }) => {
      if (isSettled(state.data)) return awaitsReceipts(state.data) ? RECEIPTS_MS : false
      return connection === 'live' ? PROOF_MS : POLL_MS
    },
  })

  const { refetch } = query
  // What the stream said before the sleep may be hours old, and a dead line looks like a quiet one: ask, and open anew.
  useWake(() => {
    setWakes((count) => count + 1)
    void refetch()
  })

  const settled = isSettled(query.data)
  useEffect(() => {
    // A hidden tab lets go of its stream: browsers allow six connections to one server, and tabs are left open.
    if (settled || !isVisible) return
    return openStream(campaignId, {
      onProgress: (progress) => {
        lastEventAt.current = Date.parse(progress.at)
        setConnection('live')
        client.setQueryData<CampaignProgress>(progressKey(campaignId), (known) => newerOf(known, progress))
      },
      onCut: () => setConnection('polling'),
    })
  }, [campaignId, client, isVisible, settled, wakes])

  return {
    progress: query.data,
    error: query.error,
    refetch,
    connection: settled ? 'ended' : connection,
  } as const
}

/** Whether somebody who was written to may still receive or read it. */
function awaitsReceipts(progress: CampaignProgress | undefined): boolean {
  return progress !== undefined && progress.stats.sent + progress.stats.delivered > 0
}

function eventsWereLost(
  known: CampaignProgress | undefined,
  fetched: CampaignProgress,
  lastEventAt: number | null,
): boolean {
  if (known === undefined || lastEventAt === null) return false
  const isLater = Date.parse(fetched.at) - lastEventAt > LOST_EVENT_MS
  return isLater && (known.status !== fetched.status || JSON.stringify(known.stats) !== JSON.stringify(fetched.stats))
}

type Stream = { onProgress: (progress: CampaignProgress) => void; onCut: () => void }

/** Opens the event stream and keeps reopening it after a cut. Returns what ends it. */
function openStream(campaignId: string, { onProgress, onCut }: Stream): () => void {
  if (typeof EventSource === 'undefined') {
    onCut()
    return () => {}
  }
  let source: EventSource
  let timer: ReturnType<typeof setTimeout> | undefined
  const open = () => {
    source = new EventSource(`/api/user/bulk-campaigns/${campaignId}/events`)
    source.addEventListener('progress', (event: MessageEvent<string>) => {
      onProgress(JSON.parse(event.data) as CampaignProgress)
    })
    source.addEventListener('error', () => {
      // The browser's own reconnecting gives up for good on any answer but 200; ours does not.
      source.close()
      onCut()
      timer = setTimeout(open, REOPEN_MS)
    })
  }
  open()
  return () => {
    clearTimeout(timer)
    source.close()
  }
}

function usePageVisible(): boolean {
  const [visible, setVisible] = useState(() => document.visibilityState !== 'hidden')
  useEffect(() => {
    const look = () => setVisible(document.visibilityState !== 'hidden')
    document.addEventListener('visibilitychange', look)
    return () => document.removeEventListener('visibilitychange', look)
  }, [])
  return visible
}
