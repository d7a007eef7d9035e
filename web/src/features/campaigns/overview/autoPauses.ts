import type { Overview, PausedCampaign } from '#contract/overview.ts'
import type { PauseReason } from '#contract/states.ts'

/** Campaigns that stand still on one number for one reason that nobody chose. */
export type AutoPause = {
  channelId: string
  channelName: string
  reason: Exclude<PauseReason, 'user'>
  /** When the first of them stopped. */
  since: string
  /** People who wait in all of them. */
  waiting: number
  /** The number can send again; only a person's word is missing. */
  isBack: boolean
  campaigns: PausedCampaign[]
}

/** What stands still without anybody having asked for it, one entry for each number and reason, longest first. */
export function autoPausesOf(overview: Overview): AutoPause[] {
  const groups = new Map<string, AutoPause>()
  for (const campaign of overview.paused) {
    const { channelId, channelName, pauseReason: reason, since, waiting } = campaign
    if (reason === 'user') continue
    const key = `${channelId} ${reason}`
    const isBack = needsChannel(reason) && isReadySince(overview, channelId, since)
    const group = groups.get(key) ?? { channelId, channelName, reason, since, waiting: 0, isBack, campaigns: [] }
    group.isBack &&= isBack
    group.waiting += waiting
    group.campaigns.push(campaign)
    if (since < group.since) group.since = since
    groups.set(key, group)
  }
  return [...groups.values()].sort((a, b) => a.since.localeCompare(b.since))
}

/** Whether the way out leads through the number itself rather than through the campaign. */
export function needsChannel(reason: PauseReason): boolean {
  return reason === 'disconnected' || reason === 'unauthorized'
}

/** A status from before the pause says nothing: it is of the time when the number was still there. */
function isReadySince({ channels }: Overview, channelId: string, since: string): boolean {
  const channel = channels.find(({ id }) => id === channelId)
  return channel?.status === 'ready' && channel.checkedAt !== null && channel.checkedAt > since
}
