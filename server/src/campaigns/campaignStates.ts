import type { CampaignStatus } from '#contract/states.ts'

/**
 * Every legal change of a campaign's state; what is not here is refused with 409.
 *
 *   draft     → scheduled, running, cancelled, failed
 *   scheduled → running, draft, paused (missed), cancelled, failed
 *   running   → paused, completed, cancelled, failed
 *   paused    → running, cancelled
 *   completed, cancelled, failed are final
 */
export const EXITS: Record<CampaignStatus, readonly CampaignStatus[]> = {
  draft: ['scheduled', 'running', 'cancelled', 'failed'],
  scheduled: ['running', 'draft', 'paused', 'cancelled', 'failed'],
  running: ['paused', 'completed', 'cancelled', 'failed'],
  paused: ['running', 'cancelled'],
  completed: [],
  cancelled: [],
  failed: [],
}

export function canMove(from: CampaignStatus, to: CampaignStatus): boolean {
  return EXITS[from].includes(to)
}

/** The states from which `to` can be reached. */
export function entriesTo(to: CampaignStatus): CampaignStatus[] {
  return (Object.keys(EXITS) as CampaignStatus[]).filter((from) => canMove(from, to))
}
