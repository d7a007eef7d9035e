import { setTimeout as sleep } from 'node:timers/promises'
import { balanceAtEnd } from '../lab/balance.ts'
import { check, median, most } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { holderOf, LEASE_MS, TAKEOVER_GRACE_MS, untilHeirs, untilRequestsAfter } from '../lab/leases.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import type { ServerProcess } from '../lab/ServerProcess.ts'
import type { Site } from '../lab/Site.ts'

/** Clocks are read on both sides of a socket. */
const CLOCK_MS = 20

/**
 * Two workers, the one that sends is killed: the other takes over when the lease has run out and not before, with the
 * next epoch, and the campaign never leaves `running`.
 */
export async function killHolder(lab: Lab): Promise<Numbers> {
  const kills = lab.rounds(30, 2)
  const site = await lab.externalSite()
  await site.start('api')
  const workers = [await site.start('worker'), await site.start('worker')]
  await site.setUp({ latencyMinMs: 20, latencyMaxMs: 60 })
  const takeoversMs: number[] = []
  let recipients = 0
  while (takeoversMs.length < kills) {
    const campaign = await site.createCampaign(lab.rounds(5000, 1500))
    await campaign.untilAccepted(1, { limitMs: lab.limit(20_000) })
    const rounds = Math.min(kills - takeoversMs.length, lab.rounds(5, 2))
    for (let round = 0; round < rounds; round++) {
      takeoversMs.push(await takeOver(lab, site, campaign, workers))
      lab.tell(`takeover ${takeoversMs.length} of ${kills}`)
    }
    recipients += await finish(lab, campaign)
  }
  return {
    kills,
    recipients,
    'first request after the kill, median ms': median(takeoversMs),
    'most ms': most(takeoversMs),
  }
}

/** Kills the holder and returns how long nobody sent; a new worker takes the dead one's place among `workers`. */
async function takeOver(lab: Lab, site: Site, campaign: ObservedCampaign, workers: ServerProcess[]): Promise<number> {
  await untilHeirs(site, campaign, 2)
  await sleep(lab.random.between(0, 500))
  const holder = await holderOf(campaign, workers)
  await holder.kill()
  const killedAt = Date.now()
  const before = await campaign.lease()
  const limitMs = lab.limit(LEASE_MS + TAKEOVER_GRACE_MS)
  const firstAt = await untilRequestsAfter(campaign, killedAt, 2 * limitMs)
  const after = await campaign.lease()
  check(
    firstAt - killedAt <= limitMs,
    `The survivor's first request came ${firstAt - killedAt} ms after the kill; ${limitMs} are allowed.`,
  )
  const expiry = before.laneExpiresAt?.getTime() ?? 0
  check(
    firstAt >= expiry - CLOCK_MS,
    `The survivor sent ${expiry - firstAt} ms before the dead holder's lease ran out.`,
  )
  check(after.laneEpoch === before.laneEpoch + 1, `The lane went from epoch ${before.laneEpoch} to ${after.laneEpoch}.`)
  check(after.epoch === before.epoch + 1, `The campaign's lock went from epoch ${before.epoch} to ${after.epoch}.`)
  workers.splice(workers.indexOf(holder), 1, await site.start('worker'))
  return firstAt - killedAt
}

async function finish(lab: Lab, campaign: ObservedCampaign): Promise<number> {
  const books = await balanceAtEnd(campaign, lab.limit(60_000))
  const actions = await campaign.auditActions()
  check(actions.join(' ') === 'create start complete', `The campaign did not stay running: ${actions.join(', ')}.`)
  return books.recipients
}
