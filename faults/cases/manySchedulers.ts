import { balanceAtEnd } from '../lab/balance.ts'
import { check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ServerProcess } from '../lab/ServerProcess.ts'
import type { Site } from '../lab/Site.ts'

const PROCESSES = 10
const SIZE = 20
/** Every so often all processes are new, so that their starts race as well. */
const FRESH_EVERY = 10
/** Time for a campaign to be prepared, and for fresh processes to be on their way. */
const DUE_IN_MS = 1500

/** Ten workers reach for one campaign that falls due: exactly one start, one lock, one message each. */
export async function manySchedulers(lab: Lab): Promise<Numbers> {
  const repetitions = lab.rounds(50, 2)
  const site = await lab.externalSite({ DATABASE_POOL: '2' })
  await site.start('api')
  await site.setUp({ maxInFlight: 4, latencyMinMs: 0, latencyMaxMs: 5 })
  let workers: ServerProcess[] = []
  let starts = 0
  for (let repetition = 0; repetition < repetitions; repetition++) {
    if (repetition % FRESH_EVERY === 0) {
      await Promise.all(workers.map((worker) => worker.stop()))
      workers = Array.from({ length: PROCESSES }, () => site.spawn('worker'))
      starts += PROCESSES
    }
    await startOnce(lab, site)
    lab.tell(`${repetition + 1} of ${repetitions}`)
  }
  return { repetitions, processes: PROCESSES, 'process starts': starts }
}

async function startOnce(lab: Lab, site: Site): Promise<void> {
  const scheduledAt = new Date(Date.now() + DUE_IN_MS).toISOString()
  const campaign = await site.createCampaign(SIZE, { start: false, scheduledAt })
  const books = await balanceAtEnd(campaign, lab.limit(30_000))
  check(books.repeatedRequests === 0, `${books.repeatedRequests} requests were repeated.`)
  const actions = await campaign.auditActions()
  const starts = actions.filter((action) => action === 'start').length
  check(starts === 1, `The campaign was started ${starts} times: ${actions.join(', ')}.`)
  const { epoch } = await campaign.lease()
  check(epoch === 1, `The campaign's lock reached epoch ${epoch}.`)
}
