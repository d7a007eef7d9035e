import { setTimeout as sleep } from 'node:timers/promises'
import { balanceAtEnd } from './balance.ts'
import { parseMessageId } from '#server/recipients/messageId.ts'
import { check, until } from './check.ts'
import type { Lab } from './Lab.ts'
import { untilHeirs, untilRequestsAfter } from './leases.ts'
import type { ObservedCampaign } from './ObservedCampaign.ts'
import { logged } from './serverLog.ts'
import type { ServerProcess } from './ServerProcess.ts'
import type { Site } from './Site.ts'
import { checkNoStaleSettles } from './staleSettles.ts'

export const ZOMBIE_IN_FLIGHT = 4
const SIZE = 600
/** Before the holder goes on, to see the peer wait for its answers. */
export const LOOK_BEFORE_MS = 2000
const BEFORE = { latencyMinMs: 20, latencyMaxMs: 60 }
/** So slow that whoever holds the lane starts nothing while we look at what the zombie does. */
const LOOK_MS = 1500
const SLOW_MS = 5000
const WHILE_LOOKING = { latencyMinMs: SLOW_MS, latencyMaxMs: SLOW_MS }
/** No request for so long: every slot of the peer waits for its answer. */
const QUIET_MS = 400
const AFTER = { latencyMinMs: 0, latencyMaxMs: 2 }

export type Stall = {
  /** Stops the holder and returns it, or returns the one that has just been stopped by itself. */
  begin: (campaign: ObservedCampaign) => Promise<ServerProcess>
  /** Returns when the holder goes on in `LOOK_BEFORE_MS`, or will not by itself. */
  nearEnd: () => Promise<void>
  /** Returns when the holder goes on. */
  end: (holder: ServerProcess) => Promise<void>
}

/** What was seen of a holder that outlived its lease. */
export type Zombie = { pid: number; lateRequests: number; repeated: number; takeoverMs: number }

/**
 * A campaign whose holder stands still for longer than its lease, and then goes on. Meanwhile the peer takes over under
 * the next epoch; the one that comes back starts nothing, settles nothing, says once that it lost its lease; the books
 * balance with nobody left in `sending`.
 */
export async function outliveLease(lab: Lab, site: Site, stall: Stall): Promise<Zombie> {
  await site.gateway.behave(BEFORE)
  const campaign = await site.createCampaign(SIZE)
  await campaign.untilAccepted(5, { limitMs: lab.limit(20_000) })
  await untilHeirs(site, campaign, 2)
  const holder = await stall.begin(campaign)
  const stalledAt = Date.now()
  const lossesBefore = lossesOf(site, holder)
  const before = await campaign.lease()
  const takenAt = await untilRequestsAfter(campaign, stalledAt, lab.limit(10_000))
  await stall.nearEnd()
  await site.gateway.behave(WHILE_LOOKING)
  await untilQuiet(campaign)
  await stall.end(holder)
  const late = await countStrangeReads(campaign, Date.now())
  check(late <= ZOMBIE_IN_FLIGHT, `${late} requests were read after the stale holder went on.`)
  const after = await campaign.lease()
  check(after.laneEpoch === before.laneEpoch + 1, `The lane went from epoch ${before.laneEpoch} to ${after.laneEpoch}.`)
  await site.gateway.behave(AFTER)
  const books = await balanceAtEnd(campaign, lab.limit(60_000))
  const losses = lossesOf(site, holder) - lossesBefore
  check(losses === 1, `The stale holder said ${losses} times that it lost its lease.`)
  const actions = await campaign.auditActions()
  check(actions.join(' ') === 'create start complete', `The campaign did not stay running: ${actions.join(', ')}.`)
  await checkNoStaleSettles(site)
  return {
    pid: holder.pid,
    lateRequests: late,
    repeated: books.repeatedRequests,
    takeoverMs: takenAt - stalledAt,
  }
}

function lossesOf(site: Site, { pid }: ServerProcess): number {
  return logged(site, 'lease_lost').filter((line) => line.pid === pid).length
}

async function untilQuiet(campaign: ObservedCampaign): Promise<void> {
  const isQuiet = async () => {
    const last = (await campaign.ledger()).findLast(({ kind }) => kind === 'read')
    return Date.now() - Date.parse(last?.t ?? '') > QUIET_MS ? true : null
  }
  await until('the peer to wait for its answers', isQuiet, { limitMs: SLOW_MS / 2, everyMs: 50 })
}

/** Requests read after `since` for somebody whom the peer does not hold; its own are still waiting for their answers. */
async function countStrangeReads(campaign: ObservedCampaign, since: number): Promise<number> {
  await sleep(LOOK_MS)
  const held = await campaign.site.query<{ id: number }>(
    `select r.id::int from campaign_contacts r join campaigns c on c.id = r.campaign_id join channels l on l.id = c.channel_id
    where c.id = $1 and r.status = 'sending' and r.claim_epoch = l.lane_epoch`,
    [campaign.id],
  )
  const peers = new Set(held.map(({ id }) => id))
  const late = (await campaign.ledger()).filter(({ kind, t }) => kind === 'read' && Date.parse(t) > since)
  return late.filter(({ messageId }) => !peers.has(parseMessageId(messageId)?.recipient ?? 0)).length
}
