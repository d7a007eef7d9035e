import { arm } from '../lab/armed.ts'
import { balance, balanceAtEnd, type Balance } from '../lab/balance.ts'
import { createUser, knownAddress, startCampaign } from '../lab/channels.ts'
import { check, most, until } from '../lab/check.ts'
import { CloudNumber } from '../lab/CloudNumber.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import { rowsOf } from '../lab/observe.ts'
import { IN_FLIGHT, type Site } from '../lab/Site.ts'

const SIZE = 150
/** Answered and not yet settled at a kill: what is under way, and what came in during one settle. */
const MAX_REPEATED = IN_FLIGHT + 100
const SITES = 3
/** Meta's webhooks come when the product is back. */
const WEBHOOK_MS = 4000
const RESOLVED_WITHIN_MS = 60_000

/**
 * The server dies between the gateway's answer and its settle. On WuzAPI the same ids are sent again, and what the
 * gateway says to them does not deny the first; on the Cloud API nothing is repeated, and Meta's webhook tells.
 */
export async function deathBeforeSettle(lab: Lab): Promise<Numbers> {
  const kills = lab.rounds(50, 2)
  const perSite = Math.ceil(kills / SITES)
  const sites = Array.from({ length: Math.min(SITES, kills) }, () => lab.embeddedSite())
  const books = (await Promise.all(sites.map((site) => killOften(lab, site, perSite)))).flat()
  const sum = (pick: (one: Balance) => number) => books.reduce((total, one) => total + pick(one), 0)
  return {
    kills: books.length,
    recipients: sum(({ recipients }) => recipients),
    'repeated with the same id': sum(({ repeatedRequests }) => repeatedRequests),
    'most at one kill': most(books.map(({ repeatedRequests }) => repeatedRequests)),
    'second copies, if the gateway did not drop them': sum(({ repeatedAccepts }) => repeatedAccepts),
    ...(await refuseResends(lab)),
    ...(await dieOnCloud(lab)),
  }
}

async function killOften(lab: Lab, site: Site, kills: number): Promise<Balance[]> {
  const books: Balance[] = []
  for (let kill = 0; kill < kills; kill++) {
    const server = await startArmed(lab, site)
    if (kill === 0) await site.setUp({ latencyMinMs: 0, latencyMaxMs: 5 })
    const campaign = await site.createCampaign(SIZE)
    await server.ended
    const next = await site.start()
    await campaign.resume()
    const end = await balanceAtEnd(campaign, lab.limit(60_000))
    check(end.repeatedRequests <= MAX_REPEATED, `${end.repeatedRequests} requests were repeated after one kill.`)
    books.push(end)
    await next.stop()
    lab.tell(`kill ${books.length} of ${kills} on one of the sites`)
  }
  return books
}

/** It dies by itself right before one of its first settles. */
function startArmed(lab: Lab, site: Site) {
  const nth = 1 + Math.floor(lab.random.between(0, 4))
  return site.start('all', arm(site, { at: 'before_settle', do: 'kill', nth }).settings)
}

/** Whatever the gateway says to the second copy, somebody who was reached must not be called failed. */
async function refuseResends(lab: Lab): Promise<Numbers> {
  const site = lab.embeddedSite()
  const server = await site.start()
  await site.setUp({ latencyMinMs: 0, latencyMaxMs: 2 })
  await site.gateway.script({ '*': Array.from({ length: IN_FLIGHT }, () => ({ kind: 'hang', accept: true })) })
  const campaign = await site.createCampaign(SIZE)
  const numbers = await until('accepted messages without an answer', () => acceptedNumbers(campaign), {
    limitMs: lab.limit(20_000),
  })
  await server.kill()
  const refusal = { kind: 'error', error: 'server returned error 403' }
  await site.gateway.script(Object.fromEntries(numbers.map((number) => [number, [refusal]])))
  const next = await site.start()
  await campaign.resume()
  await campaign.untilCompleted(lab.limit(60_000))
  const { accepted, unknown } = await balance(campaign)
  check(accepted + unknown === SIZE, `${accepted} of ${SIZE} people were reached, ${unknown} are unknown.`)
  await next.stop()
  return { 'unknown, because the second copy was refused': unknown }
}

async function acceptedNumbers(campaign: ObservedCampaign): Promise<string[] | null> {
  const accepted = await acceptedOf(campaign)
  return accepted.length === IN_FLIGHT ? accepted : null
}

async function acceptedOf(campaign: ObservedCampaign): Promise<string[]> {
  return (await campaign.ledger()).filter(({ kind }) => kind === 'accepted').map(({ number }) => number)
}

async function unknownOf(campaign: ObservedCampaign): Promise<string[]> {
  return (await rowsOf(campaign)).filter(({ status }) => status === 'unknown').map(({ number }) => number)
}

async function dieOnCloud(lab: Lab): Promise<Numbers> {
  const site = lab.embeddedSite(await knownAddress())
  const first = await site.start()
  await createUser(site)
  const number = await CloudNumber.register(site, { sentDelayMs: WEBHOOK_MS, delivered: 0 })
  await number.untilReporting(lab.limit(10_000))
  await first.stop()
  const deaths = lab.rounds(5, 1)
  const unknown: number[] = []
  const left: number[] = []
  const resolvedMs: number[] = []
  for (let death = 0; death < deaths; death++) {
    const server = await startArmed(lab, site)
    const campaign = await startCampaign(site, number.channel, number, SIZE)
    await server.ended
    const next = await site.start()
    await campaign.resume()
    await campaign.untilCompleted(lab.limit(60_000))
    unknown.push((await unknownOf(campaign)).length)
    const since = performance.now()
    const accepted = new Set(await acceptedOf(campaign))
    const isResolved = async () => (await unknownOf(campaign)).every((to) => !accepted.has(to)) || null
    await until('the webhooks of what was accepted', isResolved, { limitMs: lab.limit(RESOLVED_WITHIN_MS) })
    resolvedMs.push(performance.now() - since)
    const books = await balance(campaign)
    check(books.repeatedRequests === 0, `${books.repeatedRequests} requests were repeated on the Cloud API.`)
    check(books.accepted + books.unknown === SIZE, `${books.accepted} reached, ${books.unknown} unknown of ${SIZE}.`)
    left.push(books.unknown)
    await next.stop()
  }
  return {
    'Cloud API: kills': deaths,
    'Cloud API: unknown after a kill, most': most(unknown),
    'Cloud API: never accepted, left to a person, most': most(left),
    'Cloud API: repeated': 0,
    'Cloud API: resolved by webhook within ms, most': most(resolvedMs),
  }
}
