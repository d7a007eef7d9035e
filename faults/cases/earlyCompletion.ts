import { setTimeout as sleep } from 'node:timers/promises'
import { balanceAtEnd } from '../lab/balance.ts'
import { createUser } from '../lab/channels.ts'
import { check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { sandboxNumbers } from '../lab/numbers.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'

const LAST = 100
const SLOW_MS = 5000
const EVERY_MS = 50

/** The last hundred answer after five seconds, and some of them fail first: `completed` is said when nobody is open. */
export async function earlyCompletion(lab: Lab): Promise<Numbers> {
  const site = lab.embeddedSite()
  await site.start()
  await createUser(site)
  const [number] = await sandboxNumbers(site, 1, { maxInFlight: 64, latencyMinMs: 20, latencyMaxMs: 40 })
  check(number !== undefined, 'There is a number.')
  const size = lab.rounds(1000, 300)
  const campaign = await number.campaign(size)
  const retried = campaign.phones.slice(-5).map((phone) => phone.slice(1))
  const failsOnce = [{ kind: 'error', error: 'failed to send message: timed out' }]
  await number.gateway.script(Object.fromEntries(retried.map((digits) => [digits, failsOnce])))
  await campaign.untilAccepted(size - LAST, { limitMs: lab.limit(30_000), everyMs: 1 })
  await number.gateway.behave({ latencyMinMs: SLOW_MS, latencyMaxMs: SLOW_MS })
  const slowAt = performance.now()
  const looks = await lookUntilCompleted(lab, campaign)
  const tookMs = Math.round(performance.now() - slowAt)
  check(tookMs >= SLOW_MS, `The campaign was completed ${tookMs} ms after its answers took ${SLOW_MS} ms.`)
  await balanceAtEnd(campaign, lab.limit(5000))
  return { recipients: size, looks, 'completed after ms': tookMs }
}

/** Looks at state and rows in one moment; returns how often. */
async function lookUntilCompleted(lab: Lab, campaign: ObservedCampaign): Promise<number> {
  const deadline = performance.now() + lab.limit(60_000)
  for (let looks = 1; performance.now() < deadline; looks++) {
    const [now] = await campaign.site.query<{ status: string; open: number; counted: number }>(
      `select c.status, k.pending + k.retrying + k.sending as counted,
        (select count(*)::int from campaign_contacts r where r.campaign_id = c.id and r.status in ('pending', 'retrying', 'sending')) as open
      from campaigns c join campaign_counts k on k.campaign_id = c.id where c.id = $1`,
      [campaign.id],
    )
    const progress = await campaign.progress()
    const { pending, retrying, sending } = progress.stats
    check(now?.status !== 'completed' || now.open + now.counted === 0, `Completed with ${now?.open} rows open.`)
    check(
      progress.status !== 'completed' || pending + retrying + sending === 0,
      `Progress says completed with ${pending} pending, ${retrying} retrying, ${sending} in sending.`,
    )
    if (now?.status === 'completed') return looks
    await sleep(EVERY_MS)
  }
  throw new Error('The campaign was not completed.')
}
