import { setTimeout as sleep } from 'node:timers/promises'
import { balanceAtEnd } from '../lab/balance.ts'
import { createUser } from '../lab/channels.ts'
import { check, median, most } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { inRounds, sandboxNumbers, type SandboxNumber } from '../lab/numbers.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import type { Site } from '../lab/Site.ts'

const IN_FLIGHT = 4
const NUMBERS = 4
/** A request that was written before the answer is read by the gateway within this. */
const ON_THE_WIRE_MS = 50
const SILENCE_MS = 200
const BEHAVIOUR = { maxInFlight: IN_FLIGHT, latencyMinMs: 20, latencyMaxMs: 60 }

type Paused = { late: number; tookMs: number }

/**
 * Pauses at random moments, on several campaigns at once: after the answer nothing new is requested. In one process,
 * and with API and worker apart, where nothing but the database tells the worker.
 */
export async function pauseAnytime(lab: Lab): Promise<Numbers> {
  const embedded = lab.embeddedSite()
  await embedded.start()
  const external = await lab.externalSite()
  await external.start('api')
  await external.start('worker')
  const pauses = lab.rounds(100, 6)
  return {
    ...(await pauseOn(lab, 'one process', embedded, pauses)),
    ...(await pauseOn(lab, 'apart', external, pauses)),
  }
}

async function pauseOn(lab: Lab, what: string, site: Site, pauses: number): Promise<Numbers> {
  await createUser(site)
  const numbers = await sandboxNumbers(site, NUMBERS, BEHAVIOUR)
  const running = new Map<SandboxNumber, ObservedCampaign>()
  const size = 150 + (40 * pauses) / NUMBERS
  for (const number of numbers) running.set(number, await number.campaign(size))
  for (const campaign of running.values()) await campaign.untilAccepted(1, { limitMs: lab.limit(20_000) })
  const rounds = await inRounds(numbers, pauses, async (number, round) => {
    lab.tell(`${what}: pause ${round + 1} of ${pauses}`)
    const campaign = running.get(number)
    check(campaign !== undefined, 'The number has no campaign.')
    await sleep(lab.random.between(0, 250))
    return pauseOnce(lab, campaign)
  })
  let repeated = 0
  for (const [number, campaign] of running) {
    await number.gateway.behave({ latencyMinMs: 0, latencyMaxMs: 2 })
    repeated += (await balanceAtEnd(campaign, lab.limit(60_000))).repeatedRequests
  }
  check(repeated === 0, `${repeated} requests were repeated although nothing was killed.`)
  return {
    [`${what}: pauses`]: rounds.length,
    [`${what}: requests read after the answer, most`]: most(rounds.map(({ late }) => late)),
    [`${what}: answered after ms, median`]: median(rounds.map(({ tookMs }) => tookMs)),
    [`${what}: answered after ms, most`]: most(rounds.map(({ tookMs }) => tookMs)),
  }
}

async function pauseOnce(lab: Lab, campaign: ObservedCampaign): Promise<Paused> {
  const askedAt = performance.now()
  await campaign.pause()
  const tookMs = performance.now() - askedAt
  const answeredAt = Date.now()
  await sleep(SILENCE_MS)
  const late = (await campaign.ledger()).filter(({ kind, t }) => kind === 'read' && Date.parse(t) > answeredAt)
  check(late.length <= IN_FLIGHT, `${late.length} requests were read after the answer; ${IN_FLIGHT} may be under way.`)
  const fresh = late.filter(({ t }) => Date.parse(t) > answeredAt + lab.limit(ON_THE_WIRE_MS))
  check(fresh.length === 0, `${fresh.length} requests came ${ON_THE_WIRE_MS} ms after the answer, and later.`)
  const { status, stats } = await campaign.progress()
  check(status === 'paused' && stats.sending === 0, `After the pause it is ${status}, ${stats.sending} in sending.`)
  await campaign.resume()
  return { late: late.length, tookMs }
}
