import { balance } from './balance.ts'
import { until } from './check.ts'
import type { Lab } from './Lab.ts'
import type { ObservedCampaign } from './ObservedCampaign.ts'

const PAUSED_MS = 10_000

/** Waits for the pause because of the database's storage, and for that reason only; returns after how many ms it came. */
export async function untilPausedForStorage(lab: Lab, campaign: ObservedCampaign): Promise<number> {
  const since = performance.now()
  await campaign.untilPaused('storage', lab.limit(PAUSED_MS))
  return Math.round(performance.now() - since)
}

/** What was under way at the pause is written as soon as the database takes it; the books balance then. */
export async function balanceWhenSettled(lab: Lab, campaign: ObservedCampaign): Promise<void> {
  const isSettled = async () => ((await campaign.rowsByStatus())['sending'] === undefined ? true : null)
  await until('what was under way to be written', isSettled, { limitMs: lab.limit(PAUSED_MS) })
  await balance(campaign, { completed: false })
}
