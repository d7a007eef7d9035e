import { setTimeout as sleep } from 'node:timers/promises'
import { balanceAtEnd } from '../lab/balance.ts'
import { check, median, most } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { holderOf, LEASE_MS, TAKEOVER_GRACE_MS, untilHeirs, untilRequestsAfter } from '../lab/leases.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import { onSites } from '../lab/onSites.ts'
import type { ServerProcess } from '../lab/ServerProcess.ts'
import type { Site } from '../lab/Site.ts'

/** Clocks are read on both sides of a socket. */
const CLOCK_MS = 20

/**
 * Two workers, the one that sends is killed: the other takes over when the lease has run out and not before, with the
 * next epoch, and the campaign never leaves `running`.
 */
export async function killHolder(lab: Lab): Promise<Numbers> {
  const workers = new Map<Site, ServerProcess[]>()
  const rounds = await onSites(
    lab,
    Array.from({ length: lab.rounds(6, 1) }, (_, i) => i),
    {
      sites: lab.rounds(3, 1),
      prepare: async (site) => {
        await site.start('api')
        workers.set(site, [await site.start('worker'), await site.start('worker')])
        await site.setUp({ latencyMinMs: 20, latencyMaxMs: 60 })
      },
      work: (site) => takeOverSeveral(lab, site, workers.get(site) ?? []),
    },
  )
  const takeovers = rounds.flatMap(({ seen }) => seen)
  return {
    kills: takeovers.length,
    recipients: rounds.reduce((sum, { recipients }) => sum + recipients, 0),
    'first request after the kill, median ms': median(takeovers.map(({ afterKillMs }) => afterKillMs)),
    'most ms': most(takeovers.map(({ afterKillMs }) => afterKillMs)),
    'after the end of the lease, least ms': Math.min(...takeovers.map(({ afterLeaseMs }) => afterLeaseMs)),
    'after the end of the lease, most ms': most(takeovers.map(({ afterLeaseMs }) => afterLeaseMs)),
  }
}

type Takeover = { afterKillMs: number; afterLeaseMs: number }

/** One campaign whose holder is killed several times. */
async function takeOverSeveral(
  lab: Lab,
  site: Site,
  workers: ServerProcess[],
): Promise<{ seen: Takeover[]; recipients: number }> {
  const campaign = await site.createCampaign(lab.rounds(5000, 1500))
  await campaign.untilAccepted(1, { limitMs: lab.limit(20_000) })
  const seen: Takeover[] = []
  while (seen.length < lab.rounds(5, 2)) seen.push(await takeOver(lab, site, campaign, workers))
  return { seen, recipients: await finish(lab, campaign) }
}

/** Kills the holder and returns when the peer first sent; a new worker takes the dead one's place among `workers`. */
async function takeOver(lab: Lab, site: Site, campaign: ObservedCampaign, workers: ServerProcess[]): Promise<Takeover> {
  await untilHeirs(site, campaign, 2)
  await sleep(lab.random.between(0, 500))
  const holder = await holderOf(campaign, workers)
  await holder.kill()
  const killedAt = Date.now()
  const before = await campaign.lease()
  const limitMs = 2 * lab.limit(LEASE_MS + TAKEOVER_GRACE_MS)
  const firstAt = await untilRequestsAfter(campaign, killedAt, limitMs)
  const after = await campaign.lease()
  const expiry = before.laneExpiresAt?.getTime() ?? 0
  const afterLeaseMs = firstAt - expiry
  check(afterLeaseMs >= -CLOCK_MS, `The survivor sent ${-afterLeaseMs} ms before the dead holder's lease ran out.`)
  const graceMs = lab.limit(TAKEOVER_GRACE_MS)
  check(
    afterLeaseMs <= graceMs,
    `The survivor sent ${afterLeaseMs} ms after the lease ran out; ${graceMs} are allowed.`,
  )
  check(after.laneEpoch === before.laneEpoch + 1, `The lane went from epoch ${before.laneEpoch} to ${after.laneEpoch}.`)
  check(after.epoch === before.epoch + 1, `The campaign's lock went from epoch ${before.epoch} to ${after.epoch}.`)
  workers.splice(workers.indexOf(holder), 1, await site.start('worker'))
  return { afterKillMs: firstAt - killedAt, afterLeaseMs }
}

async function finish(lab: Lab, campaign: ObservedCampaign): Promise<number> {
  const books = await balanceAtEnd(campaign, lab.limit(60_000))
  const actions = await campaign.auditActions()
  check(actions.join(' ') === 'create start complete', `The campaign did not stay running: ${actions.join(', ')}.`)
  return books.recipients
}
