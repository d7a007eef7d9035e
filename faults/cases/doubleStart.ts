import { balanceAtEnd } from '../lab/balance.ts'
import { createUser } from '../lab/channels.ts'
import { check, until } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { inRounds, sandboxNumbers, type SandboxNumber } from '../lab/numbers.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'

const NUMBERS = 2
const STARTS = 50
const SIZE = 60

/** Fifty starts at once, of a draft that is ready and of one that is still being prepared: it starts once. */
export async function doubleStart(lab: Lab): Promise<Numbers> {
  const site = lab.embeddedSite()
  await site.start()
  await createUser(site)
  const numbers = await sandboxNumbers(site, NUMBERS, { maxInFlight: 4 })
  const rounds = lab.rounds(20, 2)
  const yes = await inRounds(numbers, rounds, (number, round) => startOnce(lab, number, round % 2 === 0))
  return { rounds, 'starts at once': STARTS, 'answered 200, of ready drafts': yes.reduce((sum, n) => sum + n, 0) }
}

async function startOnce(lab: Lab, number: SandboxNumber, isReady: boolean): Promise<number> {
  const campaign = await number.campaign(SIZE, { start: false })
  const prepared = async () => ((await campaign.progress()).preparing ? null : true)
  if (isReady) await until('the audience', prepared, { limitMs: lab.limit(10_000) })
  const answers = await Promise.all(Array.from({ length: STARTS }, () => start(campaign)))
  const yes = answers.filter((status) => status === 200).length
  check(
    answers.every((status) => status === 200 || status === 409),
    `Starts were answered ${[...new Set(answers)].join(', ')}.`,
  )
  // A wish to start that is noted already is granted again: the same result.
  check(isReady ? yes === 1 : yes >= 1, `${yes} of ${STARTS} starts were answered 200.`)
  await balanceAtEnd(campaign, lab.limit(30_000))
  const rows = await campaign.site.query<{ wish: boolean }>(
    `select details ->> 'preparing' = 'true' as wish from campaign_audit_logs where campaign_id = $1 and action = 'start'`,
    [campaign.id],
  )
  const starts = rows.filter(({ wish }) => !wish).length
  check(starts === 1 && rows.length <= 2, `The trail has ${starts} starts and ${rows.length - starts} wishes to start.`)
  const { epoch } = await campaign.lease()
  check(epoch === 1, `The campaign was taken ${epoch} times.`)
  return isReady ? yes : 0
}

async function start({ site, id }: ObservedCampaign): Promise<number> {
  return (await site.api.send('POST', `/api/user/bulk-campaigns/${id}/start`)).status
}
