import { setTimeout as sleep } from 'node:timers/promises'
import { createUser, sandboxChannel, startCampaign } from '../lab/channels.ts'
import { check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'

const DAYS = [24.85, 24.86, 25, 30, 49.72, 365, 729]
const SIZE = 5

/** Starts further away than a timer can count (2³¹ ms are 24.86 days), schedules and windows alike: nothing leaves. */
export async function farSchedules(lab: Lab): Promise<Numbers> {
  const site = lab.embeddedSite()
  const server = await site.start()
  await createUser(site)
  const channel = await sandboxChannel(site)
  const campaigns = []
  for (const days of DAYS) {
    const scheduledAt = new Date(Date.now() + days * 86_400_000).toISOString()
    campaigns.push(await startCampaign(site, channel, site.gateway, SIZE, { start: false, scheduledAt }))
  }
  const watchedMs = lab.rounds(60_000, 5000)
  await sleep(watchedMs / 2)
  // What was slept through by one process must not wake the next.
  await server.stop()
  await site.start()
  await sleep(watchedMs / 2)
  for (const campaign of campaigns) {
    const { status, stats } = await campaign.progress()
    check(
      status === 'scheduled' && stats.pending === SIZE,
      `A far campaign is ${status} with ${stats.pending} pending.`,
    )
    const read = (await campaign.ledger()).length
    check(read === 0, `${read} requests left ahead of their time.`)
  }
  return { schedules: DAYS.length, 'requests within, s': watchedMs / 1000, requests: 0 }
}
