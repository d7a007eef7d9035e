import { setTimeout as sleep } from 'node:timers/promises'
import { median, most } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { holderOf, LEASE_MS } from '../lab/leases.ts'
import { onSites } from '../lab/onSites.ts'
import { outliveLease, ZOMBIE_IN_FLIGHT, type Zombie } from '../lab/outliveLease.ts'
import type { ServerProcess } from '../lab/ServerProcess.ts'
import type { Site } from '../lab/Site.ts'
import { watchStaleSettles } from '../lab/staleSettles.ts'

/** The holder is stopped (SIGSTOP) for two leases in the middle of its requests, and then goes on. */
export async function stoppedHolder(lab: Lab): Promise<Numbers> {
  const rounds = lab.rounds(30, 2)
  const workers = new Map<Site, ServerProcess[]>()
  const zombies = await onSites(
    lab,
    Array.from({ length: rounds }, (_, i) => i),
    {
      sites: lab.rounds(5, 1),
      prepare: async (site) => {
        await site.start('api')
        await site.setUp({ maxInFlight: ZOMBIE_IN_FLIGHT })
        await watchStaleSettles(site)
        workers.set(site, [await site.start('worker'), await site.start('worker')])
      },
      work: (site) => stopOnce(lab, site, workers.get(site) ?? []),
    },
  )
  return zombieNumbers(zombies)
}

function stopOnce(lab: Lab, site: Site, workers: ServerProcess[]): Promise<Zombie> {
  let stoppedAt = 0
  return outliveLease(lab, site, {
    begin: async (campaign) => {
      const holder = await holderOf(campaign, workers)
      await sleep(lab.random.between(0, 300))
      holder.signal('SIGSTOP')
      stoppedAt = Date.now()
      return holder
    },
    nearEnd: async () => undefined,
    end: async (holder) => {
      await sleep(Math.max(0, stoppedAt + 2 * LEASE_MS - Date.now()))
      holder.signal('SIGCONT')
    },
  })
}

export function zombieNumbers(zombies: Zombie[]): Numbers {
  return {
    rounds: zombies.length,
    'requests read after it went on, most': most(zombies.map(({ lateRequests }) => lateRequests)),
    'repeated (same id), most': most(zombies.map(({ repeated }) => repeated)),
    'peer took over after, median ms': median(zombies.map(({ takeoverMs }) => takeoverMs)),
    'most ms': most(zombies.map(({ takeoverMs }) => takeoverMs)),
  }
}
