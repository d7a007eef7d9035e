import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { balanceAtEnd } from '../lab/balance.ts'
import { check, median, most, until } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ServerProcess } from '../lab/ServerProcess.ts'
import type { Site } from '../lab/Site.ts'

const DATABASE_GONE_MS = 2000
const NEXT_START_MS = 2000

/**
 * `kill -9` of the server: its database ends by itself and the next start works at once, with every person's row in
 * place; all of it under a folder that only its owner may enter, as whoever runs the lab (root included).
 */
export async function databaseFollows(lab: Lab): Promise<Numbers> {
  const kills = lab.rounds(20, 1)
  const site = lab.embeddedSite()
  check((statSync(dirname(site.directory)).mode & 0o777) === 0o700, 'The home of the site is open to others.')
  let server = await site.start()
  await site.setUp({ latencyMinMs: 20, latencyMaxMs: 40, maxInFlight: 4 })
  const campaign = await site.createCampaign(lab.rounds(3000, 500))
  const goneMs: number[] = []
  const startsMs: number[] = []
  for (let kill = 1; kill <= kills; kill++) {
    await campaign.untilAccepted(1, { limitMs: lab.limit(20_000) })
    await sleep(lab.random.between(0, 500))
    goneMs.push(await killUntilGone(lab, site, server))
    server = await site.start()
    startsMs.push((await server.ready).at - server.startedAt)
    await campaign.resume()
    lab.tell(`kill ${kill} of ${kills}`)
  }
  check(most(startsMs) <= lab.limit(NEXT_START_MS), `The next start took ${most(startsMs)} ms.`)
  await site.gateway.behave({ latencyMinMs: 0, latencyMaxMs: 2 })
  await balanceAtEnd(campaign, lab.limit(60_000))
  return {
    kills,
    user: process.getuid?.() === 0 ? 'root' : 'not root',
    'database gone after, most ms': most(goneMs),
    'next start, median ms': median(startsMs),
    'next start, most ms': most(startsMs),
  }
}

async function killUntilGone(lab: Lab, site: Site, server: ServerProcess): Promise<number> {
  check(site.databaseProcesses().length > 0, 'The site runs no database of its own.')
  await server.kill()
  const killedAt = performance.now()
  const isGone = () => (site.databaseProcesses().length === 0 ? true : null)
  await until('the database to end after its server', isGone, { limitMs: lab.limit(DATABASE_GONE_MS), everyMs: 10 })
  return performance.now() - killedAt
}
