/** Campaign states; `completed`, `cancelled` and `failed` are final. See docs/campaign-states.md. */
export const CAMPAIGN_STATUSES = [
  'draft',
  'scheduled',
  'running',
  'paused',
  'completed',
  'cancelled',
  'failed',
] as const
export type CampaignStatus = (typeof CAMPAIGN_STATUSES)[number]

export const PAUSE_REASONS = [
  'user',
  'restart',
  'disconnected',
  'unauthorized',
  'blocked',
  'storage',
  'missed',
] as const
export type PauseReason = (typeof PAUSE_REASONS)[number]

/** Recipient states. Every recipient of a campaign is in exactly one; together they are `total`. */
export const RECIPIENT_STATUSES = [
  'pending',
  'retrying',
  'sending',
  'sent',
  'delivered',
  'read',
  'failed',
  'skipped',
  'unknown',
  'cancelled',
] as const
export type RecipientStatus = (typeof RECIPIENT_STATUSES)[number]

/** The books: how many recipients are in each state. */
export type Counts = Record<RecipientStatus, number>

export const NO_COUNTS: Counts = {
  pending: 0,
  retrying: 0,
  sending: 0,
  sent: 0,
  delivered: 0,
  read: 0,
  failed: 0,
  skipped: 0,
  unknown: 0,
  cancelled: 0,
}

/** Accepted by the gateway, whatever happened afterwards. */
export function acceptedOf(counts: Counts): number {
  return counts.sent + counts.delivered + counts.read
}

/** Still to be decided: while this is not 0 a campaign cannot be `completed`. */
export function openOf(counts: Counts): number {
  return counts.pending + counts.retrying + counts.sending
}

export function totalOf(counts: Counts): number {
  return RECIPIENT_STATUSES.reduce((sum, status) => sum + counts[status], 0)
}

export function isFinal(status: CampaignStatus): boolean {
  return status === 'completed' || status === 'cancelled' || status === 'failed'
}
