import { check, median, most } from '../lab/check.ts'
import { crashNumbers, sumReports, surviveCrashes, type CrashReport } from '../lab/crashes.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { LEASE_MS, TAKEOVER_GRACE_MS } from '../lab/leases.ts'
import { onSites } from '../lab/onSites.ts'
import type { ServerProcess } from '../lab/ServerProcess.ts'
import type { Site } from '../lab/Site.ts'

/**
 * API and worker on an external PostgreSQL, the worker killed at random moments and another started at once. The new
 * one registered after the dead one was last seen: it is no heir, so the campaign is paused and waits for a person.
 * Every kill costs a lease of waiting, so several installations on one PostgreSQL go through theirs at the same time.
 */
export async function killWorker(lab: Lab): Promise<Numbers> {
  const sites = lab.rounds(5, 1)
  const kills = lab.rounds(100, 2)
  const pausedAfterMs: number[] = []
  const reports = await onSites(
    lab,
    Array.from({ length: sites }, (_, i) => i),
    {
      sites,
      prepare: async (site) => {
        await site.start('api')
        await site.setUp()
      },
      work: (site) => killOnSite(lab, site, { kills: kills / sites, pausedAfterMs }),
    },
  )
  const limitMs = lab.limit(LEASE_MS + TAKEOVER_GRACE_MS)
  check(
    most(pausedAfterMs) <= limitMs,
    `A pause came ${most(pausedAfterMs)} ms after the kill; ${limitMs} are allowed.`,
  )
  return {
    sites,
    ...crashNumbers(kills, sumReports(reports)),
    'paused after, median ms': median(pausedAfterMs),
    'paused after, most ms': most(pausedAfterMs),
  }
}

async function killOnSite(
  lab: Lab,
  site: Site,
  { kills, pausedAfterMs }: { kills: number; pausedAfterMs: number[] },
): Promise<CrashReport> {
  let worker: ServerProcess = await site.start('worker')
  return surviveCrashes(lab, site, {
    kills,
    size: lab.rounds(2000, 1000),
    withinMs: lab.rounds(250, 700),
    crash: async (campaign) => {
      await worker.kill()
      const killedAt = performance.now()
      worker = await site.start('worker')
      // The answer to the very last settle may have been all that was missing.
      if ((await campaign.progress()).status === 'completed') return
      await campaign.untilPausedByRestart(lab.limit(LEASE_MS + TAKEOVER_GRACE_MS))
      pausedAfterMs.push(performance.now() - killedAt)
      await campaign.resume()
    },
  })
}
