import { setTimeout as sleep } from 'node:timers/promises'
import { balanceAtEnd } from '../lab/balance.ts'
import { check, until } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { holderOf, LEASE_MS, TAKEOVER_GRACE_MS, untilHeirs, untilRequestsAfter } from '../lab/leases.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import type { ServerProcess } from '../lab/ServerProcess.ts'
import { IN_FLIGHT, POLL_MS } from '../lab/Site.ts'

const SIZE = 800
const DRAIN_MS = 2000
/** After the signal no new request may start, but for this. */
const LAST_REQUEST_MS = 250
const SECOND_SIGNAL_MS = 1000
const PEER_MARGIN_MS = 2000

/** SIGTERM during a batch, with a peer that waits, against a gateway that hangs, and twice. */
export async function drain(lab: Lab): Promise<Numbers> {
  return {
    ...(await drainAlone(lab)),
    ...(await drainToPeer(lab)),
    ...(await drainHanging(lab)),
    ...(await secondSignal(lab)),
  }
}

async function drainAlone(lab: Lab): Promise<Numbers> {
  const { site, worker, campaign } = await sendingSite(lab)
  const { code, lateMs, tookMs } = await terminate(worker, campaign)
  check(code === 0, `The worker ended with ${code}.`)
  check(tookMs <= lab.limit(DRAIN_MS), `The worker took ${tookMs} ms to end; ${DRAIN_MS} are allowed.`)
  check(
    lateMs <= LAST_REQUEST_MS,
    `The last request came ${lateMs} ms after the signal; ${LAST_REQUEST_MS} are allowed.`,
  )
  check((await campaign.rowsByStatus())['sending'] === undefined, 'Rows were left in sending.')
  check((await campaign.lease()).isFree, 'The worker did not give back its leases.')
  await site.start('worker')
  await campaign.untilPausedByRestart(lab.limit(LEASE_MS + TAKEOVER_GRACE_MS))
  await campaign.resume()
  const repeated = await finish(lab, campaign)
  check(repeated === 0, `${repeated} requests were repeated although the worker ended in order.`)
  return { 'SIGTERM: exit after ms': tookMs, 'SIGTERM: last request after ms': lateMs, 'SIGTERM: repeated': repeated }
}

async function drainToPeer(lab: Lab): Promise<Numbers> {
  const { site, workers, campaign } = await sendingSite(lab, { workers: 2 })
  await untilHeirs(site, campaign, 2)
  const { code } = await (await holderOf(campaign, workers)).stop()
  check(code === 0, `The worker ended with ${code}.`)
  const endedAt = Date.now()
  const limitMs = lab.limit(POLL_MS + PEER_MARGIN_MS)
  // The peer may begin before the process has gone: its lanes are free earlier.
  const peerMs = (await untilRequestsAfter(campaign, endedAt, limitMs)) - endedAt
  check(peerMs <= limitMs, `The peer's requests came ${peerMs} ms after the exit; ${limitMs} are allowed.`)
  const repeated = await finish(lab, campaign)
  check(repeated === 0, `${repeated} requests were repeated although the worker ended in order.`)
  const actions = await campaign.auditActions()
  check(actions.join(' ') === 'create start complete', `The campaign did not stay running: ${actions.join(', ')}.`)
  return { 'peer: requests again after ms': peerMs }
}

async function drainHanging(lab: Lab): Promise<Numbers> {
  const { site, worker, campaign } = await sendingSite(lab)
  await hang(campaign)
  const { tookMs } = await terminate(worker, campaign)
  check(tookMs <= lab.limit(DRAIN_MS + 1000), `Against a hanging gateway the worker took ${tookMs} ms to end.`)
  check((await campaign.rowsByStatus())['sending'] === undefined, 'Rows were left in sending.')
  const maybe = await maybeSent(campaign)
  check(maybe === IN_FLIGHT, `${maybe} rows are maybe-sent; ${IN_FLIGHT} requests were under way.`)
  await site.gateway.script({})
  await site.start('worker')
  await campaign.untilPausedByRestart(lab.limit(LEASE_MS + TAKEOVER_GRACE_MS))
  await campaign.resume()
  const repeated = await finish(lab, campaign)
  check(repeated === IN_FLIGHT, `${repeated} requests were repeated; ${IN_FLIGHT} had no answer.`)
  return { 'hang: exit after ms': tookMs, 'hang: maybe-sent rows, resent with the same id': maybe }
}

async function secondSignal(lab: Lab): Promise<Numbers> {
  const { worker, campaign } = await sendingSite(lab, { drainMs: 20_000 })
  await hang(campaign)
  worker.signal('SIGTERM')
  await sleep(300)
  check(!worker.hasEnded, 'The worker did not wait for its requests.')
  const secondAt = performance.now()
  const { at } = await worker.stop()
  const tookMs = Math.round(at - secondAt)
  check(tookMs <= lab.limit(SECOND_SIGNAL_MS), `After a second SIGTERM the worker took ${tookMs} ms to end.`)
  return { 'second SIGTERM: exit after ms': tookMs }
}

/** A site whose campaign is being sent by `worker`, or by one of `workers`. */
async function sendingSite(lab: Lab, options: { workers?: number; drainMs?: number } = {}) {
  const site = await lab.externalSite({ DRAIN_SECONDS: String((options.drainMs ?? DRAIN_MS) / 1000) })
  await site.start('api')
  const worker = await site.start('worker')
  const workers = [worker]
  while (workers.length < (options.workers ?? 1)) workers.push(await site.start('worker'))
  await site.setUp({ latencyMinMs: 50, latencyMaxMs: 100 })
  const campaign = await site.createCampaign(SIZE)
  await campaign.untilAccepted(50, { limitMs: lab.limit(20_000) })
  return { site, worker, workers, campaign }
}

/** SIGTERM; how it ended, how long that took, and how long after the signal the gateway read the last request. */
async function terminate(worker: ServerProcess, campaign: ObservedCampaign) {
  const signalledAt = Date.now()
  const since = performance.now()
  const { code, at } = await worker.stop()
  const last = (await campaign.ledger()).findLast(({ kind }) => kind === 'read')
  return { code, tookMs: Math.round(at - since), lateMs: Date.parse(last?.t ?? '') - signalledAt }
}

/** From now on the gateway reads and does not answer; returns when every slot waits for it. */
async function hang(campaign: ObservedCampaign): Promise<void> {
  const { gateway } = campaign.site
  await gateway.script({ '*': Array.from({ length: 10 * IN_FLIGHT }, () => ({ kind: 'hang' })) })
  const isStuck = async () => {
    const hanging = (await campaign.ledger()).filter(({ verdict }) => verdict === 'script: hang')
    return hanging.length === IN_FLIGHT ? true : null
  }
  await until('every slot to hang', isStuck, { limitMs: 5000 })
}

async function maybeSent(campaign: ObservedCampaign): Promise<number> {
  const [row] = await campaign.site.query<{ n: number }>(
    `select count(*)::int as n from campaign_contacts where campaign_id = $1 and status = 'retrying' and maybe_sent`,
    [campaign.id],
  )
  return row?.n ?? 0
}

async function finish(lab: Lab, campaign: ObservedCampaign): Promise<number> {
  const books = await balanceAtEnd(campaign, lab.limit(60_000))
  return books.repeatedRequests
}
