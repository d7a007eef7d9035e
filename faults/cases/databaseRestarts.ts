import { setTimeout as sleep } from 'node:timers/promises'
import { balanceAtEnd } from '../lab/balance.ts'
import { check, median, most } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { untilRequestsAfter } from '../lab/leases.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import type { Site } from '../lab/Site.ts'
import { uploadContacts } from '../lab/uploads.ts'

/** From the moment the database accepts connections again to the first request. */
const FIRST_REQUEST_MS = 10_000
const ROWS_OF_AN_IMPORT = 2000

/** Restarts in order (`-m fast`) during a campaign: the processes stay up and go on by themselves. */
export async function restartFast(lab: Lab): Promise<Numbers> {
  return restart(lab, () => 'fast')
}

/** Restarts without a checkpoint and `kill -9` of the server, in turn; what was acknowledged is there afterwards. */
export async function restartHard(lab: Lab): Promise<Numbers> {
  return restart(lab, (round) => (round % 2 === 0 ? 'kill' : 'immediate'))
}

async function restart(lab: Lab, how: (round: number) => 'fast' | 'immediate' | 'kill'): Promise<Numbers> {
  const rounds = lab.rounds(10, 2)
  const postgres = await lab.postgres()
  // A lease that outlives a restart, as in production: it is kept, not taken again.
  const site = await lab.externalSite({ LEASE_SECONDS: '6' })
  const servers = [await site.start('api'), await site.start('worker')]
  await site.setUp({ latencyMinMs: 30, latencyMaxMs: 60 })
  const campaign = await site.createCampaign(lab.rounds(10_000, 1500))
  await campaign.untilAccepted(1, { limitMs: lab.limit(30_000) })
  const firstsMs: number[] = []
  let imported = 0
  for (let round = 1; round <= rounds; round++) {
    imported += await importSome(site, round)
    await sleep(lab.random.between(0, 700))
    const acceptsAt = await postgres.restart(how(round), lab.limit(20_000))
    firstsMs.push(await firstRequest(lab, campaign, acceptsAt))
    lab.tell(`restart ${round} of ${rounds}`)
  }
  check(
    servers.every((server) => !server.hasEnded),
    'A process ended with the database.',
  )
  await site.gateway.behave({ latencyMinMs: 0, latencyMaxMs: 2 })
  const books = await balanceAtEnd(campaign, lab.limit(120_000))
  const actions = await campaign.auditActions()
  check(actions.join(' ') === 'create start complete', `The campaign did not stay running: ${actions.join(', ')}.`)
  return {
    restarts: rounds,
    recipients: books.recipients,
    'first request after it accepts, median ms': median(firstsMs),
    'first request after it accepts, most ms': most(firstsMs),
    'imports acknowledged before a restart and found complete': await importsFound(lab, site, imported),
    'process exits': 0,
    'repeated requests': books.repeatedRequests,
  }
}

/** Uploads a file; the restart comes right after its answer, mostly before a row of it is imported. */
async function importSome(site: Site, round: number): Promise<number> {
  const answer = await uploadContacts(site, ROWS_OF_AN_IMPORT, round)
  check(answer.status === 202, `The upload was answered with ${answer.status}.`)
  return 1
}

async function importsFound(lab: Lab, site: Site, expected: number): Promise<number> {
  const deadline = performance.now() + lab.limit(60_000)
  for (;;) {
    const rows = await site.query<{ status: string; accepted: number }>('select status, accepted from contact_imports')
    const complete = rows.filter(({ status, accepted }) => status === 'completed' && accepted === ROWS_OF_AN_IMPORT)
    if (complete.length === expected) return complete.length
    check(performance.now() < deadline, `Of ${expected} imports the database has: ${JSON.stringify(rows)}.`)
    await sleep(100)
  }
}

/** How long after `acceptsAt` the gateway read a request; 0 when the campaign ended meanwhile. */
async function firstRequest(lab: Lab, campaign: ObservedCampaign, acceptsAt: number): Promise<number> {
  const limitMs = lab.limit(FIRST_REQUEST_MS)
  if ((await campaign.lease()).status === 'completed') return 0
  const tookMs = (await untilRequestsAfter(campaign, acceptsAt - 100, 2 * limitMs)) - acceptsAt
  check(tookMs <= limitMs, `The first request came ${tookMs} ms after the database; ${limitMs} are allowed.`)
  return Math.max(0, tookMs)
}
