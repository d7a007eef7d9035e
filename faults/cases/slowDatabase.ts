import { balanceAtEnd } from '../lab/balance.ts'
import { check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'

const DELAY_MS = 200
const BATCH = 100
/** One batch a round trip: what a worker can claim when every statement takes two delays. */
const BOUND_PER_SECOND = BATCH / ((2 * DELAY_MS) / 1000)
const LEAST_PART = 0.8

/** Every byte to and from the database takes 200 ms: slower, but no lease is lost, and batches carry the throughput. */
export async function slowDatabase(lab: Lab): Promise<Numbers> {
  const postgres = await lab.postgres()
  const proxy = await lab.proxy(postgres.socket)
  const site = await lab.externalSite({ LEASE_SECONDS: '6' }, { through: proxy })
  await site.start('api')
  const worker = await site.start('worker')
  await site.setUp({ latencyMinMs: 2, latencyMaxMs: 10 })
  proxy.delay(DELAY_MS)
  const size = lab.rounds(10_000, 1500)
  const campaign = await site.createCampaign(size)
  await campaign.untilAccepted(1, { limitMs: lab.limit(60_000) })
  const { laneEpoch, epoch } = await campaign.lease()
  const books = await balanceAtEnd(campaign, lab.limit(180_000))
  const perSecond = rate(await campaign.ledger())
  const least = BOUND_PER_SECOND * LEAST_PART
  check(perSecond * lab.slack >= least, `${perSecond} messages a second; ${least} are expected.`)
  const after = await campaign.lease()
  check(after.laneEpoch === laneEpoch && after.epoch === epoch, 'A lease was lost or taken again.')
  check(!worker.lastWords.includes('lease_lost'), 'The worker lost its lease.')
  return {
    recipients: books.recipients,
    'messages a second': perSecond,
    'one batch a round trip would be': BOUND_PER_SECOND,
    'lost leases': 0,
    'repeated requests': books.repeatedRequests,
  }
}

/** Between the first and the last request that the gateway read. */
function rate(ledger: { kind: string; t: string }[]): number {
  const times = ledger.filter(({ kind }) => kind === 'read').map(({ t }) => Date.parse(t))
  const seconds = (Math.max(...times) - Math.min(...times)) / 1000
  return Math.round((times.length - 1) / seconds)
}
