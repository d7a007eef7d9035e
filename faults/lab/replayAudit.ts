import type { CampaignStatus } from '#contract/states.ts'
import { canMove } from '#server/campaigns/campaignStates.ts'

export type AuditRow = {
  action: string
  details: { from?: string; preparing?: boolean; what?: string; scheduledAt?: string | null }
}

/** Where each action leads; an action that is not here changes no state. */
const LEADS_TO: Record<string, CampaignStatus> = {
  start: 'running',
  pause: 'paused',
  resume: 'running',
  cancel: 'cancelled',
  'auto-pause': 'paused',
  complete: 'completed',
  fail: 'failed',
  restore: 'paused',
}

/** Walks the trail through the state machine and lists every step that is not legal, or does not end at `status`. */
export function replayAudit(rows: AuditRow[], status: string): string[] {
  const problems: string[] = []
  if (rows[0]?.action !== 'create') problems.push(`The trail begins with ${rows[0]?.action}, not with create.`)
  let now: CampaignStatus = rows[0]?.details.scheduledAt == null ? 'draft' : 'scheduled'
  for (const { action, details } of rows.slice(1)) {
    const next = LEADS_TO[action]
    // The wish to start, noted while the audience is still being expanded.
    if (next === undefined || (action === 'start' && details.preparing === true)) continue
    if (!canMove(now, next)) problems.push(`The trail has ${action} on a campaign that is ${now}.`)
    if (details.from !== undefined && details.from !== now)
      problems.push(`${action} says it came from ${details.from}, the trail is at ${now}.`)
    now = next
  }
  if (now !== status) problems.push(`The trail ends at ${now}, the campaign is ${status}.`)
  return problems
}
