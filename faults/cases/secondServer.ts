import { setTimeout as sleep } from 'node:timers/promises'
import { balanceAtEnd } from '../lab/balance.ts'
import { check, most } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ServerProcess } from '../lab/ServerProcess.ts'
import type { Site } from '../lab/Site.ts'

const REFUSAL_MS = 2000

/** A second server on one directory during a campaign: it stops at once and names the owner, the first goes on. */
export async function secondServer(lab: Lab): Promise<Numbers> {
  const tries = lab.rounds(10, 2)
  const site = lab.embeddedSite()
  const first = await site.start()
  await site.setUp({ latencyMinMs: 1000, latencyMaxMs: 1000, maxInFlight: 4 })
  const campaign = await site.createCampaign(lab.rounds(2000, 400))
  await campaign.untilAccepted(1, { limitMs: lab.limit(20_000) })
  const tookMs: number[] = []
  for (let attempt = 0; attempt < tries; attempt++) tookMs.push(await startInVain(lab, site, first))
  check(!first.hasEnded, 'The first server ended.')
  const { status } = await campaign.lease() // asked through the database, as a command-line tool would
  check(status === 'running', `The campaign of the first server is ${status}.`)
  await site.gateway.behave({ latencyMinMs: 0, latencyMaxMs: 2 })
  const books = await balanceAtEnd(campaign, lab.limit(60_000))
  check(books.repeatedRequests === 0, `${books.repeatedRequests} requests were repeated.`)
  return { tries, 'refused after, most ms': most(tookMs), recipients: books.recipients }
}

async function startInVain(lab: Lab, site: Site, first: ServerProcess): Promise<number> {
  const second = site.spawn()
  const { code, at } = await second.ended
  await sleep(20) // its last words are on their way through the pipe
  const tookMs = Math.round(at - second.startedAt)
  check(code !== null && code !== 0, `The second server ended with ${code}.`)
  check(tookMs <= lab.limit(REFUSAL_MS), `The second server took ${tookMs} ms to give up.`)
  check(
    second.lastWords.includes(`pid ${first.pid}`),
    `The second server does not name pid ${first.pid}: ${second.lastWords}`,
  )
  return tookMs
}
