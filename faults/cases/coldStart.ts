import { setTimeout as sleep } from 'node:timers/promises'
import { balanceAtEnd } from '../lab/balance.ts'
import { check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { LEASE_MS, TAKEOVER_GRACE_MS } from '../lab/leases.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'

const SIZE = 600

/** Everything is killed and started again: nothing is sent until a person resumes, and then exactly the rest. */
export async function coldStart(lab: Lab): Promise<Numbers> {
  return { ...(await coldStartEmbedded(lab)), ...(await coldStartExternal(lab)) }
}

async function coldStartEmbedded(lab: Lab): Promise<Numbers> {
  const site = lab.embeddedSite()
  const server = await site.start()
  await site.setUp()
  const campaign = await site.createCampaign(SIZE)
  await campaign.untilAccepted(100, { limitMs: lab.limit(20_000) })
  await site.killEverything(server)
  await site.start()
  const { status, pauseReason } = await campaign.progress()
  check(status === 'paused' && pauseReason === 'restart', `At readiness the campaign is ${status} (${pauseReason}).`)
  const waitMs = 1500
  const { early, repeated } = await finishAfterSilence(lab, campaign, waitMs)
  return { 'embedded: requests before resume': early, 'embedded: repeated': repeated }
}

async function coldStartExternal(lab: Lab): Promise<Numbers> {
  const site = await lab.externalSite()
  const api = await site.start('api')
  const worker = await site.start('worker')
  await site.setUp()
  const campaign = await site.createCampaign(SIZE)
  await campaign.untilAccepted(100, { limitMs: lab.limit(20_000) })
  await Promise.all([api.kill(), worker.kill()])
  const readBefore = await site.gateway.readCount()
  await Promise.all([site.start('api'), site.start('worker')])
  const startedAt = performance.now()
  await campaign.untilPausedByRestart(lab.limit(LEASE_MS + TAKEOVER_GRACE_MS))
  const pausedMs = Math.round(performance.now() - startedAt)
  const readAtPause = await site.gateway.readCount()
  check(readAtPause === readBefore, `${readAtPause - readBefore} requests came before the pause.`)
  const { early, repeated } = await finishAfterSilence(lab, campaign, LEASE_MS)
  return {
    'external: requests before resume': early,
    'external: paused after ms': pausedMs,
    'external: repeated': repeated,
  }
}

/** Nothing is sent for a while; after resume the campaign completes. Returns how many requests came too early and how many again. */
async function finishAfterSilence(
  lab: Lab,
  campaign: ObservedCampaign,
  waitMs: number,
): Promise<{ early: number; repeated: number }> {
  const readBefore = await campaign.site.gateway.readCount()
  await sleep(waitMs)
  const early = (await campaign.site.gateway.readCount()) - readBefore
  check(early === 0, `${early} requests came before anybody resumed.`)
  await campaign.resume()
  const books = await balanceAtEnd(campaign, lab.limit(60_000))
  return { early, repeated: books.repeatedRequests }
}
