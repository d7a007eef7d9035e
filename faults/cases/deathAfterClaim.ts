import { balanceAtEnd } from '../lab/balance.ts'
import { check, most, until } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { LEASE_MS, TAKEOVER_GRACE_MS } from '../lab/leases.ts'

const SIZE = 150

/**
 * The worker dies with a batch claimed of which only the first request has left: the claim burns nothing, and only
 * that request is repeated.
 */
export async function deathAfterClaim(lab: Lab): Promise<Numbers> {
  const kills = lab.rounds(20, 1)
  const site = await lab.externalSite()
  await site.start('api')
  let worker = await site.start('worker')
  await site.setUp({ maxInFlight: 1, latencyMinMs: 0, latencyMaxMs: 1 })
  const claimed: number[] = []
  let repeated = 0
  for (let kill = 1; kill <= kills; kill++) {
    await site.gateway.script({ '*': [{ kind: 'hang' }] })
    const campaign = await site.createCampaign(SIZE)
    const hasLeft = async () => ((await campaign.ledger()).some(({ kind }) => kind === 'read') ? true : null)
    await until('the first request', hasLeft, { limitMs: lab.limit(20_000) })
    await worker.kill()
    claimed.push((await campaign.rowsByStatus())['sending'] ?? 0)
    worker = await site.start('worker')
    await campaign.untilPausedByRestart(lab.limit(LEASE_MS + TAKEOVER_GRACE_MS))
    await campaign.resume()
    const books = await balanceAtEnd(campaign, lab.limit(60_000))
    check(books.repeatedRequests === 1, `${books.repeatedRequests} requests were repeated; one had left.`)
    repeated += books.repeatedRequests
    lab.tell(`kill ${kill} of ${kills}`)
  }
  check(Math.min(...claimed) >= 100, `Only ${Math.min(...claimed)} rows were claimed at a kill.`)
  return { kills, 'rows claimed at the kill': most(claimed), repeated }
}
