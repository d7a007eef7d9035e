import { setTimeout as sleep } from 'node:timers/promises'
import type { FailpointName } from '#server/lib/failpoints.ts'
import { arm } from '../lab/armed.ts'
import { balanceAtEnd } from '../lab/balance.ts'
import { check, most } from '../lab/check.ts'
import { Crew } from '../lab/Crew.ts'
import { phonesOf, untilImportEnds, uploadPeople } from '../lab/importPeople.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { LEASE_MS } from '../lab/leases.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'
import { onSites } from '../lab/onSites.ts'
import type { Site } from '../lab/Site.ts'
import { checkNoStaleSettles, watchStaleSettles } from '../lab/staleSettles.ts'

const SIZE = 400
const PAUSE_AT = 100
/** The pass that fails: late enough that others are under way, early enough that every run comes by. */
const NTH: Record<string, number> = {
  after_claim: 2,
  before_send: 30,
  after_request_written: 30,
  after_response: 30,
  before_settle: 5,
  after_settle_sql: 5,
  before_commit: 3,
  before_renew: 1,
  after_renew: 1,
  before_complete: 1,
  before_pause_ack: 1,
  during_import_batch: 1,
}
const ACTS = ['throw', 'kill', 'delay'] as const

type Run = { at: FailpointName; act: (typeof ACTS)[number] }

/**
 * Every failpoint fails in every way, once, in a run with an import, a pause and two workers that are started again
 * whenever they die: whatever it was, the books balance, everybody is reached, and no stale worker settles a row.
 */
export async function failpointGrid(lab: Lab): Promise<Numbers> {
  const grid = Object.keys(NTH).flatMap((at) => ACTS.map((act): Run => ({ at: at as FailpointName, act })))
  const runs = grid.filter((_, i) => i % lab.rounds(1, 10) === 0)
  const results = await onSites(lab, runs, {
    sites: lab.rounds(4, 2),
    prepare: async (site) => {
      await site.start('api')
      await site.setUp({ maxInFlight: 4, latencyMinMs: 5, latencyMaxMs: 15 })
      await watchStaleSettles(site)
    },
    work: (site, run) => failOnce(lab, site, run),
  })
  return {
    runs: runs.length,
    recipients: runs.length * SIZE,
    'repeated requests, most of a run': most(results.map(({ repeated }) => repeated)),
    'a run took at most, s': most(results.map(({ seconds }) => seconds)),
  }
}

async function failOnce(lab: Lab, site: Site, { at, act }: Run): Promise<{ repeated: number; seconds: number }> {
  const startedAt = performance.now()
  const only = at === 'after_request_written' ? '/chat/send/' : ''
  const point = arm(site, { at, do: act, ms: 2 * LEASE_MS, nth: NTH[at] ?? 1, only })
  const crew = new Crew(site, 2, point.settings)
  try {
    const phones = phonesOf(SIZE)
    const importId = await importThrough(lab, site, phones)
    const campaign = await site.createCampaign(SIZE, { recipients: { importIds: [importId] } })
    await pauseOnce(lab, campaign)
    await resumeUntilCompleted(lab, campaign)
    check(point.hasActed(), 'The failpoint was never passed.')
    const books = await balanceAtEnd(campaign, lab.limit(1000))
    await checkNoStaleSettles(site)
    return { repeated: books.repeatedRequests, seconds: (performance.now() - startedAt) / 1000 }
  } catch (error) {
    throw new Error(`${at}, ${act}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  } finally {
    await crew.dismiss()
  }
}

/** An import that met an error of ours is over, with nobody in it; its owner uploads the file again. */
async function importThrough(lab: Lab, site: Site, phones: string[]): Promise<string> {
  for (let tries = 0; ; tries++) {
    const id = await uploadPeople(site, phones)
    const { status, accepted } = await untilImportEnds(site, id, lab.limit(30_000))
    if (status === 'completed') return id
    check(tries === 0 && accepted === 0, `The import is ${status} with ${accepted} people.`)
  }
}

async function pauseOnce(lab: Lab, campaign: ObservedCampaign): Promise<void> {
  const deadline = performance.now() + lab.limit(30_000)
  for (;;) {
    const { status, stats } = await campaign.progress()
    if (status === 'completed') return
    if (status === 'paused') await campaign.resume()
    if (status === 'running' && stats.sent >= PAUSE_AT) break
    check(performance.now() < deadline, `After 30 s the campaign is ${status} with ${stats.sent} sent.`)
    await sleep(20)
  }
  // The last message may have gone meanwhile.
  await campaign.pause().catch(() => undefined)
}

/** Whatever pauses it, a person resumes it. */
async function resumeUntilCompleted(lab: Lab, campaign: ObservedCampaign): Promise<void> {
  const deadline = performance.now() + lab.limit(60_000)
  for (;;) {
    const { status, stats } = await campaign.progress()
    if (status === 'completed') return
    if (status === 'paused') await campaign.resume()
    check(performance.now() < deadline, `After a minute the campaign is ${status}: ${JSON.stringify(stats)}.`)
    await sleep(100)
  }
}
