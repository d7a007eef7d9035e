import { setTimeout as sleep } from 'node:timers/promises'
import { balanceAtEnd } from '../lab/balance.ts'
import { createUser, sandboxChannel, startCampaign } from '../lab/channels.ts'
import { check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { holderOf, untilHeirs } from '../lab/leases.ts'

/** The channel's own pause between two messages. */
const PAUSE_MS = 600
/** Timers and the way to the gateway: two requests may arrive so much closer than they left. */
const JITTER_MS = 150

/**
 * Two campaigns on one number and three workers, of which the one that sends dies in the middle: in no stretch of time
 * more messages than the number's pace allows, over the sum of both.
 */
export async function sharedPace(lab: Lab): Promise<Numbers> {
  const size = lab.rounds(70, 15)
  const windowMs = lab.rounds(60_000, 6000)
  const site = await lab.externalSite()
  await site.start('api')
  const workers = [await site.start('worker'), await site.start('worker'), await site.start('worker')]
  await createUser(site)
  const channel = await sandboxChannel(site, { minDelay: PAUSE_MS })
  const campaigns = [
    await startCampaign(site, channel, site.gateway, size),
    await startCampaign(site, channel, site.gateway, size),
  ] as const
  await untilHeirs(site, campaigns[0], 3)
  await sleep(windowMs / 4)
  await (await holderOf(campaigns[0], workers)).kill()
  let repeated = 0
  for (const campaign of campaigns)
    repeated += (await balanceAtEnd(campaign, lab.limit(4 * size * PAUSE_MS))).repeatedRequests
  const times = (await site.gateway.ledger()).filter(({ kind }) => kind === 'read').map(({ t }) => Date.parse(t))
  const busiest = busiestWindow(times, windowMs)
  const allowed = Math.floor(windowMs / PAUSE_MS) + 1
  check(busiest <= allowed, `${busiest} messages left within ${windowMs} ms; the pace allows ${allowed}.`)
  const gaps = times.slice(1).map((at, index) => at - (times[index] ?? at))
  const shortest = Math.min(...gaps)
  check(
    shortest >= PAUSE_MS - lab.limit(JITTER_MS),
    `Two messages left ${shortest} ms apart; the pause is ${PAUSE_MS} ms.`,
  )
  return {
    [`most messages in any ${windowMs / 1000} s`]: busiest,
    'allowed by the pace': allowed,
    'shortest pause, ms': shortest,
    'messages a minute': Math.round((times.length - 1) / (((times.at(-1) ?? 0) - (times[0] ?? 0)) / 60_000)),
    'repeated after the kill': repeated,
  }
}

/** The most of the instants that lie within any stretch of `windowMs`. */
function busiestWindow(times: number[], windowMs: number): number {
  let first = 0
  let busiest = 0
  for (const [last, at] of times.entries()) {
    while (at - (times[first] ?? at) >= windowMs) first++
    busiest = Math.max(busiest, last - first + 1)
  }
  return busiest
}
