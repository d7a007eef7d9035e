import { setTimeout as sleep } from 'node:timers/promises'
import { openOf } from '#contract/states.ts'
import { balance } from '../lab/balance.ts'
import { createUser } from '../lab/channels.ts'
import { check, until } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { inRounds, sandboxNumbers, type SandboxNumber } from '../lab/numbers.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'

const NUMBERS = 6
const SIZE = 8

type End = 'cancelled' | 'completed'
type Race = { campaign: ObservedCampaign; end: End }

/** Cancel meets the last message: one end and not two, the answer tells which, and the books balance. */
export async function cancelAtTheEnd(lab: Lab): Promise<Numbers> {
  const site = lab.embeddedSite()
  await site.start()
  await createUser(site)
  const numbers = await sandboxNumbers(site, NUMBERS, { maxInFlight: 4, latencyMinMs: 5, latencyMaxMs: 30 })
  const races = lab.rounds(500, 12)
  const run = await inRounds(numbers, races, async (number, round) => {
    lab.tell(`race ${round + 1} of ${races}`)
    return race(lab, number)
  })
  const last = run.at(-1)
  if (last !== undefined) await balance(last.campaign, { completed: last.end === 'completed' })
  const cancelled = run.filter(({ end }) => end === 'cancelled').length
  check(cancelled > 0 && cancelled < races, `${cancelled} of ${races} were cancelled: the race was never close.`)
  return { races, cancelled, completed: races - cancelled }
}

async function race(lab: Lab, number: SandboxNumber): Promise<Race> {
  const campaign = await number.campaign(SIZE)
  await untilAlmostDone(lab, campaign)
  await sleep(lab.random.between(0, 25))
  const { status } = await campaign.site.api.send('POST', `/api/user/bulk-campaigns/${campaign.id}/cancel`)
  const end: End = status === 200 ? 'cancelled' : 'completed'
  check(status === 200 || status === 409, `Cancel was answered ${status}.`)
  const closed = async () => (openOf((await campaign.progress()).stats) === 0 ? true : null)
  await until('the rows to be closed', closed, { limitMs: lab.limit(15_000) })
  const actions = await campaign.auditActions()
  const ends = actions.filter((action) => action === 'cancel' || action === 'complete')
  check(ends.length === 1, `The campaign ended ${ends.length} times: ${actions.join(', ')}.`)
  const now = (await campaign.lease()).status
  check(now === end, `Cancel was answered ${status}, and the campaign is ${now}.`)
  await balance(campaign, { completed: end === 'completed', booksOnly: true })
  return { campaign, end }
}

/** Returns when the last few messages are on their way. */
async function untilAlmostDone(lab: Lab, campaign: ObservedCampaign): Promise<void> {
  const isThere = async () => {
    const { stats, status } = await campaign.progress()
    return status === 'completed' || stats.total - stats.pending - stats.sending >= SIZE - 4 ? true : null
  }
  const started = async () => ((await campaign.progress()).stats.total === SIZE ? true : null)
  await until('the audience', started, { limitMs: lab.limit(10_000), everyMs: 5 })
  await until('the last messages', isThere, { limitMs: lab.limit(10_000), everyMs: 5 })
}
