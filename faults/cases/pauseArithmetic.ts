import { setTimeout as sleep } from 'node:timers/promises'
import { totalOf } from '#contract/states.ts'
import { balance, balanceAtEnd } from '../lab/balance.ts'
import { check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'

const IN_FLIGHT = 4
/** The last messages before a pause take so long that the campaign cannot end between the look and the pause. */
const SLOW_BEFORE = 20
const SLOW_MS = 300
const POINTS = [0.01, 0.5, 0.99]

/** A pause near the start, in the middle and just before the end: nothing starts after its answer, and the rest follows. */
export async function pauseArithmetic(lab: Lab): Promise<Numbers> {
  const site = lab.embeddedSite()
  await site.start()
  await site.setUp({ maxInFlight: IN_FLIGHT, latencyMinMs: 5, latencyMaxMs: 10 })
  const size = lab.rounds(5000, 600)
  const campaign = await site.createCampaign(size)
  const numbers: Numbers = { recipients: size }
  for (const point of POINTS)
    numbers[`requests read after the pause at ${point * 100} %`] = await pauseAt(lab, campaign, point)
  const books = await balanceAtEnd(campaign, lab.limit(60_000))
  check(books.repeatedRequests === 0, `${books.repeatedRequests} requests were repeated although nothing was killed.`)
  return { ...numbers, repeated: books.repeatedRequests }
}

/** Pauses, watches the silence, resumes; returns how many requests the gateway read after the pause was answered. */
async function pauseAt(lab: Lab, campaign: ObservedCampaign, point: number): Promise<number> {
  const { gateway } = campaign.site
  const goal = Math.floor(campaign.phones.length * point)
  await campaign.untilAccepted(Math.max(1, goal - SLOW_BEFORE), { limitMs: lab.limit(60_000), everyMs: 1 })
  await gateway.behave({ latencyMinMs: SLOW_MS, latencyMaxMs: SLOW_MS })
  await campaign.untilAccepted(Math.max(1, goal), { limitMs: lab.limit(60_000), everyMs: 5 })
  await campaign.pause()
  const answeredAt = Date.now()
  await sleep(2 * SLOW_MS)
  const late = (await campaign.ledger()).filter(({ kind, t }) => kind === 'read' && Date.parse(t) > answeredAt).length
  check(
    late <= IN_FLIGHT,
    `${late} requests were read after the pause at ${point * 100} % was answered; ${IN_FLIGHT} may be under way.`,
  )
  const { stats, status } = await campaign.progress()
  check(
    status === 'paused' && stats.sending === 0,
    `After the pause the campaign is ${status} with ${stats.sending} in sending.`,
  )
  check(
    totalOf(stats) === campaign.phones.length,
    `The states add up to ${totalOf(stats)}, not to ${campaign.phones.length}.`,
  )
  await balance(campaign, { completed: false })
  await gateway.behave({ latencyMinMs: 5, latencyMaxMs: 10 })
  await campaign.resume()
  return late
}
