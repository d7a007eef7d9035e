import { openOf, RECIPIENT_STATUSES, acceptedOf, type Counts, type RecipientStatus } from '#contract/states.ts'

/** The ten states as people ask about them: to whom it went, to whom it did not, who still waits. */
export const BOOK_GROUPS = [
  { name: 'accepted', states: ['sent', 'delivered', 'read'] },
  { name: 'left', states: ['failed', 'skipped', 'unknown', 'cancelled'] },
  { name: 'waiting', states: ['sending', 'retrying', 'pending'] },
] as const satisfies readonly { name: string; states: readonly RecipientStatus[] }[]

/** Arrived first, waiting last: the bar fills from the left. */
export const BAR_ORDER: readonly RecipientStatus[] = [
  'read',
  'delivered',
  'sent',
  'failed',
  'skipped',
  'unknown',
  'cancelled',
  'sending',
  'retrying',
  'pending',
]

export const STATE_COLOURS: Record<RecipientStatus, string> = {
  pending: 'bg-state-pending',
  retrying: 'bg-state-retrying',
  sending: 'bg-state-sending',
  sent: 'bg-state-sent',
  delivered: 'bg-state-delivered',
  read: 'bg-state-read',
  failed: 'bg-state-failed',
  skipped: 'bg-state-skipped',
  unknown: 'bg-state-unknown',
  cancelled: 'bg-state-cancelled',
}

export type BalancePart = { what: 'accepted' | RecipientStatus; count: number }

/** The final balance: what was accepted as one number, then every other state that holds somebody. */
export function balanceOf(counts: Counts): BalancePart[] {
  const others = RECIPIENT_STATUSES.filter((status) => !['sent', 'delivered', 'read'].includes(status))
  return [
    { what: 'accepted' as const, count: acceptedOf(counts) },
    ...others.filter((status) => counts[status] > 0).map((status) => ({ what: status, count: counts[status] })),
  ]
}

/** Share of people whose outcome is decided, 0 to 1; 0 while nobody is chosen. */
export function decidedShare(counts: Counts & { total: number }): number {
  return counts.total === 0 ? 0 : (counts.total - openOf(counts)) / counts.total
}
