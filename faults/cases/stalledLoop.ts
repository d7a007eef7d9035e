import { setTimeout as sleep } from 'node:timers/promises'
import type { FailpointName } from '#server/lib/failpoints.ts'
import { arm } from '../lab/armed.ts'
import { check, most, until } from '../lab/check.ts'
import { Crew } from '../lab/Crew.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { holderOf } from '../lab/leases.ts'
import { onSites } from '../lab/onSites.ts'
import { LOOK_BEFORE_MS, outliveLease, ZOMBIE_IN_FLIGHT, type Zombie } from '../lab/outliveLease.ts'
import { logged } from '../lab/serverLog.ts'
import type { Site } from '../lab/Site.ts'
import { watchStaleSettles } from '../lab/staleSettles.ts'
import { zombieNumbers } from './stoppedHolder.ts'

/** Long enough for the peer to take over and be seen before the loop turns again. */
const LEASE_SECONDS = 3
const PLACES: FailpointName[] = ['before_send', 'during_render']

/**
 * The holder computes for two leases without letting its event loop turn, once before a request and once inside a
 * template. Renewals run on that loop: nothing keeps the lease of a process that is stuck.
 */
export async function stalledLoop(lab: Lab): Promise<Numbers> {
  const rounds = Array.from({ length: lab.rounds(10, 2) }, (_, i) => ({ place: PLACES[i % 2] ?? 'before_send' }))
  const results = await onSites(lab, rounds, {
    sites: 2,
    settings: { LEASE_SECONDS: String(LEASE_SECONDS) },
    prepare: async (site) => {
      await site.start('api')
      await site.setUp({ maxInFlight: ZOMBIE_IN_FLIGHT })
      await watchStaleSettles(site)
    },
    work: (site, { place }) => stallOnce(lab, site, place),
  })
  const stalls = results.map(({ stalledMs }) => stalledMs)
  return {
    ...zombieNumbers(results),
    'stall as reported, least ms': Math.min(...stalls),
    'most ms reported': most(stalls),
  }
}

async function stallOnce(lab: Lab, site: Site, place: FailpointName): Promise<Zombie & { stalledMs: number }> {
  const stallMs = 2 * LEASE_SECONDS * 1000 * Math.min(lab.slack, 2)
  const point = arm(site, { at: place, do: 'busy', ms: stallMs, nth: 60 })
  const crew = new Crew(site, 2, point.settings)
  try {
    await crew.untilReady()
    let endsAt = 0
    const zombie = await outliveLease(lab, site, {
      begin: async (campaign) => {
        endsAt = (await point.untilActed(lab.limit(20_000))) + stallMs
        return holderOf(campaign, crew.workers)
      },
      nearEnd: async () => {
        const inMs = endsAt - LOOK_BEFORE_MS - Date.now()
        check(inMs > 0, 'The peer took over too late to be seen beside the stall.')
        await sleep(inMs)
      },
      end: () => sleep(endsAt - Date.now()),
    })
    const stalledMs = await until('the report of the stall', () => reportedStall(site, zombie.pid), { limitMs: 2000 })
    // The request in hand when the loop stopped turning would be a new one, under a dead epoch.
    check(zombie.lateRequests === 0, `${zombie.lateRequests} requests started after the stall.`)
    check(stalledMs > 1000, `The stall was reported with ${stalledMs} ms.`)
    return { ...zombie, stalledMs }
  } finally {
    await crew.dismiss()
  }
}

function reportedStall(site: Site, pid: number): number | null {
  const stalls = logged(site, 'event loop stalled').filter((line) => line.pid === pid)
  return stalls.length === 0 ? null : Math.max(...stalls.map((line) => Number(line['ms'])))
}
