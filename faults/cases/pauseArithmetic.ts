import { setTimeout as sleep } from 'node:timers/promises'
import { totalOf } from '#contract/states.ts'
import { balance, balanceAtEnd } from '../lab/balance.ts'
import { refusal } from '../lab/channels.ts'
import { check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'

const IN_FLIGHT = 4
/** The last messages before a pause take so long that the campaign cannot end between the look and the pause. */
const SLOW_BEFORE = 20
const SLOW_MS = 300
/** Parts of the campaign; whether the server is killed and started again before a person resumes. */
const PAUSES = [
  { at: 0.01, coldStart: false },
  { at: 0.4, coldStart: true },
  { at: 0.6, coldStart: false },
  { at: 0.99, coldStart: true },
]

/**
 * A pause near the start, in the middle, just before the end and after it: nothing starts after its answer, exactly the
 * rest follows, also after a cold start; what is complete cannot be paused.
 */
export async function pauseArithmetic(lab: Lab): Promise<Numbers> {
  const site = lab.embeddedSite()
  let server = await site.start()
  await site.setUp({ maxInFlight: IN_FLIGHT, latencyMinMs: 5, latencyMaxMs: 10 })
  const size = lab.rounds(10_000, 600)
  const campaign = await site.createCampaign(size)
  const numbers: Numbers = { recipients: size }
  for (const { at, coldStart } of PAUSES) {
    const what = `requests read after the pause at ${at * 100} %${coldStart ? ', then a cold start' : ''}`
    numbers[what] = await pauseAt(lab, campaign, at)
    if (coldStart) {
      await server.kill()
      server = await site.start()
    }
    await site.gateway.behave({ latencyMinMs: 5, latencyMaxMs: 10 })
    await campaign.resume()
  }
  const books = await balanceAtEnd(campaign, lab.limit(60_000))
  check(books.repeatedRequests === 0, `${books.repeatedRequests} requests were repeated although none was under way.`)
  const refused = await refusal(campaign.pause())
  check(refused === 409, `A pause after the end was answered with ${refused}.`)
  return { ...numbers, 'pause at 100 %, answered with': refused, repeated: books.repeatedRequests }
}

/** Pauses and watches the silence; returns how many requests the gateway read after the pause was answered. */
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
  return late
}
