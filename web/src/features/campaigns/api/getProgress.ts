import type { CampaignProgress } from '#contract/campaigns.ts'
import { isFinal, openOf } from '#contract/states.ts'
import { apiClient } from '../../../lib/apiClient.ts'

export function progressKey(campaignId: string) {
  return ['campaigns', campaignId, 'progress']
}

export function getProgress(campaignId: string, signal: AbortSignal): Promise<CampaignProgress> {
  return apiClient.get<CampaignProgress>(`/api/user/bulk-campaigns/${campaignId}/progress`, { signal })
}

/** Nothing but late receipts can change any more: a cancelled campaign takes its people out of the queue in chunks. */
export function isSettled(progress: CampaignProgress | undefined): boolean {
  return progress !== undefined && isFinal(progress.status) && !progress.preparing && openOf(progress.stats) === 0
}

/** Two answers can overtake each other on the way: the one the server wrote later counts. */
export function newerOf(known: CampaignProgress | undefined, next: CampaignProgress): CampaignProgress {
  return known !== undefined && Date.parse(known.at) > Date.parse(next.at) ? known : next
}
