import { setTimeout as sleep } from 'node:timers/promises'
import { balance, balanceAtEnd } from '../lab/balance.ts'
import {
  CLOUD_IN_FLIGHT,
  cloudChannel,
  SANDBOX_IN_FLIGHT,
  sandboxChannel,
  siteBefore,
  startCampaign,
} from '../lab/channels.ts'
import { check, most } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import { mostAtOnce, rowsOf, untilRead, waitsOf } from '../lab/observe.ts'
import type { RawExchange, RawGateway } from '../lab/RawGateway.ts'
import { accept, hang } from '../lab/replies.ts'

const SIZE = 40
const DEADLINE_TOLERANCE_MS = 1000
const PROBE_EVERY_MS = 30_000
/** What was started before the breaker opened is read by the gateway within this. */
const ON_THE_WIRE_MS = 500
/** Failures in a row that open the breaker. */
const OPENS_AFTER = 5

/**
 * A gateway reads and never answers: every request ends at its deadline, its recipient is maybe-sent, the breaker
 * leaves one probe per half minute, and once the gateway is back everybody gets the rest.
 */
export async function gatewayHangs(lab: Lab): Promise<Numbers> {
  const deadlineMs = lab.rounds(15_000, 2000)
  const gateway = await lab.rawGateway()
  gateway.reply = hang
  const { site } = await siteBefore(lab, gateway, { GATEWAY_DEADLINE_MS: String(deadlineMs) })
  const wuzapi = await startCampaign(site, await sandboxChannel(site), gateway, SIZE)
  const cloud = await startCampaign(site, await cloudChannel(site, gateway.url), gateway, SIZE)
  await untilRead(gateway, SANDBOX_IN_FLIGHT + CLOUD_IN_FLIGHT, lab.limit(10_000))
  await sleep(2 * deadlineMs + DEADLINE_TOLERANCE_MS)
  await checkFates(wuzapi, cloud)
  // Open since the fifth failure, which cannot have come before the first deadline.
  await sleep(PROBE_EVERY_MS + deadlineMs)
  const [first, second] = [await exchangesOf(gateway, wuzapi), await exchangesOf(gateway, cloud)]
  const numbers = {
    ...judge(lab, first, 'WuzAPI', SANDBOX_IN_FLIGHT, deadlineMs),
    ...judge(lab, second, 'Cloud API', CLOUD_IN_FLIGHT, deadlineMs),
  }
  gateway.reply = accept
  return { ...numbers, ...(await recover(lab, wuzapi, cloud)) }
}

async function checkFates(wuzapi: ObservedCampaign, cloud: ObservedCampaign): Promise<void> {
  const resent = (await rowsOf(wuzapi)).filter(({ attempts }) => attempts > 0)
  const wrong = resent.find(({ status, maybeSent }) => !maybeSent || (status !== 'retrying' && status !== 'sending'))
  check(
    resent.length >= SANDBOX_IN_FLIGHT && wrong === undefined,
    `On WuzAPI ${resent.length} rows were tried, one is ${wrong?.status}.`,
  )
  const tried = (await rowsOf(cloud)).filter(({ attempts }) => attempts > 0)
  const odd = tried.find(({ status, code }) => status !== 'unknown' || code !== 'DEADLINE')
  check(
    tried.length >= CLOUD_IN_FLIGHT && odd === undefined,
    `On the Cloud API ${tried.length} rows were tried, one is ${odd?.status}.`,
  )
}

/** The exchanges of a campaign by its ledger: both campaigns write to the same people. */
async function exchangesOf(gateway: RawGateway, campaign: ObservedCampaign): Promise<RawExchange[]> {
  const ids = new Set((await campaign.ledger()).map(({ messageId }) => messageId))
  return gateway.exchanges.filter(({ messageId }) => ids.has(messageId))
}

function judge(lab: Lab, exchanges: RawExchange[], name: string, inFlight: number, deadlineMs: number): Numbers {
  const waits = waitsOf(exchanges)
  const worst = most(waits.map((ms) => Math.abs(ms - deadlineMs)))
  check(
    worst <= lab.limit(DEADLINE_TOLERANCE_MS),
    `A request on ${name} ended ${worst} ms off its deadline of ${deadlineMs} ms.`,
  )
  const open = mostAtOnce(exchanges)
  check(open <= inFlight, `${open} requests on ${name} were open at once; ${inFlight} are allowed.`)
  const openedAt = waits.length < OPENS_AFTER ? Infinity : fifthFailure(exchanges)
  const probes = exchanges.filter(({ readAt }) => readAt > openedAt + ON_THE_WIRE_MS).map(({ readAt }) => readAt)
  const gaps = [openedAt, ...probes].slice(1).map((at, index) => at - ([openedAt, ...probes][index] ?? at))
  check(probes.length > 0, `No probe on ${name} asked whether the gateway is back.`)
  check(
    gaps.every((gap) => gap >= PROBE_EVERY_MS - 100),
    `Requests on ${name} came ${Math.round(Math.min(...gaps))} ms apart while the breaker was open.`,
  )
  return {
    [`${name}: furthest from the deadline, ms`]: worst,
    [`${name}: most at once`]: open,
    [`${name}: probes`]: probes.length,
  }
}

/** When the breaker opened: with the fifth failure, but for those that had already begun. */
function fifthFailure(exchanges: RawExchange[]): number {
  const ends = exchanges.flatMap(({ endedAt }) => endedAt ?? []).toSorted((a, b) => a - b)
  return ends[OPENS_AFTER - 1] ?? Infinity
}

async function recover(lab: Lab, wuzapi: ObservedCampaign, cloud: ObservedCampaign): Promise<Numbers> {
  for (const campaign of [wuzapi, cloud]) if ((await campaign.progress()).status === 'paused') await campaign.resume()
  const books = await balanceAtEnd(wuzapi, lab.limit(2 * PROBE_EVERY_MS))
  await cloud.untilCompleted(lab.limit(2 * PROBE_EVERY_MS))
  const { accepted, unknown, repeatedRequests } = await balance(cloud)
  check(
    accepted + unknown === SIZE,
    `On the Cloud API ${accepted} were reached and ${unknown} are unknown, of ${SIZE}.`,
  )
  check(repeatedRequests === 0, `On the Cloud API ${repeatedRequests} requests were repeated.`)
  return { 'WuzAPI: resent with the same id': books.repeatedRequests, 'Cloud API: unknown, never repeated': unknown }
}
