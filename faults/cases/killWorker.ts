import { check, median, most } from '../lab/check.ts'
import { crashNumbers, surviveCrashes } from '../lab/crashes.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { LEASE_MS, TAKEOVER_GRACE_MS } from '../lab/leases.ts'

/**
 * API and worker on an external PostgreSQL, the worker killed at random moments and another started at once. The new
 * one registered after the dead one was last seen: it is no heir, so the campaign is paused and waits for a person.
 */
export async function killWorker(lab: Lab): Promise<Numbers> {
  const kills = lab.rounds(20, 2)
  const site = await lab.externalSite()
  await site.start('api')
  let worker = await site.start('worker')
  await site.setUp()
  const pausedAfterMs: number[] = []
  const limitMs = lab.limit(LEASE_MS + TAKEOVER_GRACE_MS)
  const report = await surviveCrashes(lab, site, {
    kills,
    size: lab.rounds(5000, 1000),
    withinMs: lab.rounds(2000, 700),
    crash: async (campaign) => {
      await worker.kill()
      const killedAt = performance.now()
      worker = await site.start('worker')
      // The answer to the very last settle may have been all that was missing.
      if ((await campaign.progress()).status === 'completed') return
      await campaign.untilPausedByRestart(limitMs)
      pausedAfterMs.push(performance.now() - killedAt)
      await campaign.resume()
    },
  })
  check(
    most(pausedAfterMs) <= limitMs,
    `A pause came ${most(pausedAfterMs)} ms after the kill; ${limitMs} are allowed.`,
  )
  return {
    ...crashNumbers(kills, report),
    'paused after, median ms': median(pausedAfterMs),
    'paused after, most ms': most(pausedAfterMs),
  }
}
