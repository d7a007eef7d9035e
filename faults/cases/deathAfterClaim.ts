import { arm } from '../lab/armed.ts'
import { balanceAtEnd } from '../lab/balance.ts'
import { check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { LEASE_MS, TAKEOVER_GRACE_MS } from '../lab/leases.ts'
import { onSites } from '../lab/onSites.ts'
import type { Site } from '../lab/Site.ts'

const SIZE = 250
/** What one claim takes. */
const BATCH = 100

/** The worker dies in the moment in which its first batch is claimed: nothing has left, nothing is burnt, all are sent. */
export async function deathAfterClaim(lab: Lab): Promise<Numbers> {
  const kills = lab.rounds(20, 2)
  let done = 0
  const recipients = await onSites(
    lab,
    Array.from({ length: kills }, (_, i) => i),
    {
      sites: lab.rounds(4, 1),
      prepare: async (site) => {
        await site.start('api')
        await site.setUp({ latencyMinMs: 0, latencyMaxMs: 5 })
      },
      work: async (site) => {
        lab.tell(`kill ${++done} of ${kills}`)
        return dieAfterClaim(lab, site)
      },
    },
  )
  return { kills, recipients: recipients.reduce((sum, n) => sum + n, 0), 'claimed at each kill': BATCH, repeated: 0 }
}

async function dieAfterClaim(lab: Lab, site: Site): Promise<number> {
  const worker = site.spawn('worker', arm(site, { at: 'after_claim', do: 'kill' }).settings)
  const campaign = await site.createCampaign(SIZE)
  await worker.ended
  const requests = (await campaign.ledger()).length
  check(requests === 0, `${requests} requests had left before the claim was known.`)
  const { sending = 0 } = await campaign.rowsByStatus()
  check(sending === BATCH, `${sending} rows were claimed at the kill.`)
  const next = await site.start('worker')
  await campaign.untilPausedByRestart(lab.limit(LEASE_MS + TAKEOVER_GRACE_MS))
  await campaign.resume()
  const books = await balanceAtEnd(campaign, lab.limit(60_000))
  check(books.repeatedRequests === 0, `${books.repeatedRequests} requests were repeated; none had left.`)
  await next.stop()
  return books.recipients
}
