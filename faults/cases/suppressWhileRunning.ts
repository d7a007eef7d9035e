import { setTimeout as sleep } from 'node:timers/promises'
import type { AddedSuppressions } from '#contract/suppressions.ts'
import { balance } from '../lab/balance.ts'
import { createUser } from '../lab/channels.ts'
import { check, most } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { sandboxNumbers, type SandboxNumber } from '../lab/numbers.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import type { Site } from '../lab/Site.ts'

/** No request to a person may be read by the gateway so long after their suppression was answered. */
const LIMIT_MS = 1000
const CALLS = 20
const FAST = { maxInFlight: 16, latencyMinMs: 20, latencyMaxMs: 60 }
/** One in 100 ms: a hundred are claimed ahead, so people are suppressed who lie in the worker's memory for seconds. */
const PACED = { people: 220, delay: 0.1, from: 30, to: 130 }

/** When the answer was here, by phone. */
type Answered = Map<string, number>

/**
 * People are suppressed while campaigns to them run, at random and those who are just about to be written to. In one
 * process, and with API and worker apart, where nothing but the database tells the worker.
 */
export async function suppressWhileRunning(lab: Lab): Promise<Numbers> {
  const embedded = lab.embeddedSite()
  await embedded.start()
  const external = await lab.externalSite()
  await external.start('api')
  await external.start('worker')
  return {
    ...(await suppressOn(lab, 'one process', embedded)),
    ...(await suppressOn(lab, 'apart', external)),
  }
}

async function suppressOn(lab: Lab, what: string, site: Site): Promise<Numbers> {
  await createUser(site)
  const [fast, paced] = await sandboxNumbers(site, 2, FAST)
  check(fast !== undefined && paced !== undefined, 'There are two numbers.')
  // One list for the account: who was suppressed in the first campaign is left out of the second from its beginning.
  const answered: Answered = new Map()
  lab.tell(`${what}: who is next`)
  const next = await suppressWhoIsNext(lab, paced, answered)
  lab.tell(`${what}: at random`)
  const random = await suppressAtRandom(lab, fast, answered)
  return {
    [`${what}: suppressed while it ran`]: random.suppressed,
    [`${what}: of these skipped`]: random.skipped,
    [`${what}: last request after the answer, most ms`]: random.lastMs,
    [`${what}: suppressed in the worker's memory`]: next.suppressed,
    [`${what}: last request to one of them after the answer, ms`]: next.lastMs,
  }
}

async function suppressAtRandom(lab: Lab, number: SandboxNumber, answered: Answered) {
  const size = lab.rounds(10_000, 800)
  const count = size / 5
  const campaign = await number.campaign(size)
  await campaign.untilAccepted(1, { limitMs: lab.limit(30_000) })
  const before = answered.size
  const free = campaign.phones.filter((phone) => !answered.has(phone))
  const chosen = pick(lab, free, count)
  for (let call = 0; call < CALLS; call++) {
    await suppress(campaign, chosen.slice((call * count) / CALLS, ((call + 1) * count) / CALLS), answered)
    await sleep(lab.random.between(0, 100))
  }
  const { skipped, lastMs } = await outcome(lab, campaign, answered)
  const late = skipped - before
  check(late >= count / 4, `Only ${late} of ${count} were suppressed early enough to prove anything.`)
  return { suppressed: count, skipped: late, lastMs }
}

async function suppressWhoIsNext(lab: Lab, number: SandboxNumber, answered: Answered) {
  const { people, delay, from, to } = PACED
  const campaign = await number.campaign(people, { delayMin: delay, delayMax: delay })
  await campaign.untilAccepted(10, { limitMs: lab.limit(30_000) })
  await suppress(campaign, campaign.phones.slice(from, to), answered)
  const { skipped, lastMs } = await outcome(lab, campaign, answered)
  check(skipped >= to - from - 20, `${skipped} of ${to - from} who were next were skipped.`)
  return { suppressed: skipped, lastMs }
}

async function suppress({ site }: ObservedCampaign, phones: string[], answered: Answered): Promise<void> {
  const { added } = await site.api.post<AddedSuppressions>('/api/user/suppressions', { phones, reason: 'opted_out' })
  check(added === phones.length, `${added} of ${phones.length} people were suppressed.`)
  for (const phone of phones) answered.set(phone, Date.now())
}

/** The books balance at the end; who was suppressed has been reached before, or is skipped; nobody else is. */
async function outcome(lab: Lab, campaign: ObservedCampaign, answered: Answered) {
  await campaign.untilCompleted(lab.limit(120_000))
  const { accepted, skipped, recipients } = await balance(campaign)
  check(accepted + skipped === recipients, `${accepted} reached and ${skipped} skipped of ${recipients}.`)
  const readAt = new Map((await campaign.ledger()).map(({ number, t }) => [`+${number}`, Date.parse(t)]))
  const stranger = campaign.phones.find((phone) => !answered.has(phone) && !readAt.has(phone))
  check(stranger === undefined, `${stranger} was not suppressed and got nothing.`)
  const afterMs = [...answered].flatMap(([phone, at]) => (readAt.has(phone) ? [(readAt.get(phone) ?? at) - at] : []))
  const lastMs = Math.max(0, most(afterMs))
  check(lastMs <= lab.limit(LIMIT_MS), `A request was read ${lastMs} ms after its person was suppressed.`)
  return { skipped, lastMs }
}

function pick(lab: Lab, phones: string[], count: number): string[] {
  const left = [...phones]
  return Array.from({ length: count }, () => left.splice(Math.floor(lab.random.between(0, left.length)), 1)[0] ?? '')
}
