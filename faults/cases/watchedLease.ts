import { setTimeout as sleep } from 'node:timers/promises'
import { balanceAtEnd } from '../lab/balance.ts'
import { check, until } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { LEASE_MS } from '../lab/leases.ts'
import { update } from '../lab/rawUpdate.ts'
import type { Site } from '../lab/Site.ts'

const SYNC_SECONDS = 1
const SLOW_MS = 0.8 * LEASE_MS
/** A cancel that would be undone would be so within a few looks. */
const LOOKS_AFTER_CANCEL = 5

/**
 * Two workers and their synchronizers over a campaign that lasts for many looks, each request nearly a lease long: the
 * campaign keeps its holder and its state. A cancel written into the database itself stays.
 */
export async function watchedLease(lab: Lab): Promise<Numbers> {
  const site = await lab.externalSite({ SYNC_SECONDS: String(SYNC_SECONDS) })
  await site.start('api')
  await site.start('worker')
  await site.start('worker')
  await site.setUp({ maxInFlight: 1, latencyMinMs: SLOW_MS, latencyMaxMs: SLOW_MS })
  const looks = await holdThroughout(lab, site, lab.rounds(20, 5))
  await cancelInDatabase(lab, site)
  return { 'looks of a synchronizer': looks, 'looks after a cancel': LOOKS_AFTER_CANCEL }
}

async function holdThroughout(lab: Lab, site: Site, looks: number): Promise<number> {
  const size = Math.ceil((looks * SYNC_SECONDS * 1000) / SLOW_MS) + 1
  const startedAt = performance.now()
  const campaign = await site.createCampaign(size)
  await campaign.untilAccepted(1, { limitMs: lab.limit(20_000) })
  const first = await campaign.lease()
  for (let now = first; now.status === 'running'; now = await campaign.lease()) {
    const isLast = now.isFree || now.owner === null
    check(isLast || now.owner === first.owner, 'The campaign changed hands.')
    check(now.epoch === first.epoch && now.laneEpoch === first.laneEpoch, 'The campaign was taken again.')
    await sleep(100)
  }
  const lastedMs = performance.now() - startedAt
  const books = await balanceAtEnd(campaign, lab.limit(20_000))
  check(books.repeatedRequests === 0, `${books.repeatedRequests} requests were repeated.`)
  const actions = await campaign.auditActions()
  check(actions.join(' ') === 'create start complete', `The campaign was touched: ${actions.join(', ')}.`)
  return Math.floor(lastedMs / (SYNC_SECONDS * 1000))
}

async function cancelInDatabase(lab: Lab, site: Site): Promise<void> {
  const campaign = await site.createCampaign(20)
  await campaign.untilAccepted(1, { limitMs: lab.limit(20_000) })
  await update(site, `update campaigns set status = 'cancelled', closing = true where id = $1`, [campaign.id])
  const isSwept = async () => {
    const { pending = 0, sending = 0, retrying = 0 } = await campaign.rowsByStatus()
    return pending + sending + retrying === 0 ? true : null
  }
  await until('the open rows of the cancelled campaign', isSwept, { limitMs: lab.limit(20_000), everyMs: 100 })
  const readBefore = await site.gateway.readCount()
  for (let look = 0; look < LOOKS_AFTER_CANCEL; look++) {
    await sleep(SYNC_SECONDS * 1000)
    const { status } = await campaign.lease()
    check(status === 'cancelled', `The cancelled campaign is ${status} again.`)
  }
  const late = (await site.gateway.readCount()) - readBefore
  check(late === 0, `${late} requests came after the cancel.`)
}
