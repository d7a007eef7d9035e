import { setTimeout as sleep } from 'node:timers/promises'
import { balanceAtEnd } from '../lab/balance.ts'
import { check, most, until } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { untilRequestsAfter } from '../lab/leases.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import type { Site } from '../lab/Site.ts'

const LEASE_MS = 6000
/** The part of its lease that a worker believes in. */
const TRUSTED_MS = (LEASE_MS * 5) / 6
const QUERY_MS = 5000
const UNHEALTHY_MS = 10_000
const RECOVERY_MS = 10_000
/** Of an answer of the product on top of its query. */
const ANSWER_MS = 300

/**
 * The way to the database becomes a black hole: nothing arrives, nothing is refused. Queries give up, health says so,
 * sending stops before the lease runs out; when the way is free again everything goes on by itself.
 */
export async function halfOpenDatabase(lab: Lab): Promise<Numbers> {
  const postgres = await lab.postgres()
  const proxy = await lab.proxy(postgres.socket)
  const site = await lab.externalSite({ LEASE_SECONDS: String(LEASE_MS / 1000) }, { through: proxy })
  const servers = [await site.start('api'), await site.start('worker')]
  await site.setUp({ latencyMinMs: 100, latencyMaxMs: 200 })
  const campaign = await site.createCampaign(lab.rounds(3000, 600))
  await campaign.untilAccepted(50, { limitMs: lab.limit(30_000) })
  proxy.blackHole(true)
  const since = Date.now()
  const [unhealthyMs, answersMs] = await Promise.all([
    untilUnhealthy(lab, site),
    askMeanwhile(site, lab.rounds(60_000, 12_000)),
  ])
  const stoppedMs = lastRequest(await campaign.ledger(), since)
  check(stoppedMs <= TRUSTED_MS, `Requests were sent for ${stoppedMs} ms; the lease is believed in for ${TRUSTED_MS}.`)
  const slowest = most(answersMs)
  check(slowest <= lab.limit(QUERY_MS + ANSWER_MS), `An answer that needed the database took ${slowest} ms.`)
  proxy.blackHole(false)
  const recoveredMs = await recover(lab, campaign)
  check(
    servers.every((server) => !server.hasEnded),
    'A process ended.',
  )
  await site.gateway.behave({ latencyMinMs: 0, latencyMaxMs: 2 })
  const books = await balanceAtEnd(campaign, lab.limit(60_000))
  return {
    'health says 503 after ms': unhealthyMs,
    'requests that waited for the database': answersMs.length,
    'the slowest was refused after ms': slowest,
    'last request to the gateway after ms': stoppedMs,
    'sending again after the line was back, ms': recoveredMs,
    recipients: books.recipients,
    'repeated requests': books.repeatedRequests,
  }
}

async function untilUnhealthy(lab: Lab, site: Site): Promise<number> {
  const since = performance.now()
  const isUnhealthy = async () => ((await site.api.send('GET', '/api/health/ready')).status === 503 ? true : null)
  await until('health to say 503', isUnhealthy, { limitMs: lab.limit(UNHEALTHY_MS) })
  return Math.round(performance.now() - since)
}

/** Asks for what needs the database, one request a second, for so long; how long each answer took. All must be 503. */
async function askMeanwhile(site: Site, forMs: number): Promise<number[]> {
  const deadline = performance.now() + forMs
  const asked: Promise<number>[] = []
  while (performance.now() < deadline) {
    asked.push(ask(site))
    await sleep(1000)
  }
  return Promise.all(asked)
}

async function ask(site: Site): Promise<number> {
  const askedAt = performance.now()
  const { status } = await site.api.send('GET', '/api/user/bulk-campaigns')
  check(status === 503, `Without a database the list of campaigns was answered with ${status}.`)
  return performance.now() - askedAt
}

function lastRequest(ledger: { kind: string; t: string }[], since: number): number {
  const times = ledger.filter(({ kind }) => kind === 'read').map(({ t }) => Date.parse(t) - since)
  return Math.max(0, ...times)
}

async function recover(lab: Lab, campaign: ObservedCampaign): Promise<number> {
  const since = Date.now()
  const limitMs = lab.limit(RECOVERY_MS)
  const recoveredMs = (await untilRequestsAfter(campaign, since, 2 * limitMs)) - since
  check(recoveredMs <= limitMs, `Requests came ${recoveredMs} ms after the line was back; ${limitMs} are allowed.`)
  const { status } = await campaign.lease()
  check(status === 'running', `The campaign is ${status}.`)
  return recoveredMs
}
