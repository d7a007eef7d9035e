import { setTimeout as sleep } from 'node:timers/promises'
import type { FailpointPlan } from '#server/lib/failpoints.ts'
import { arm } from '../lab/armed.ts'
import { balance } from '../lab/balance.ts'
import { check } from '../lab/check.ts'
import { Crew } from '../lab/Crew.ts'
import { phonesOf } from '../lab/importPeople.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { ObservedCampaign } from '../lab/ObservedCampaign.ts'

const SIZE = 250
const MAX_RESTARTS = 4
/** What rendering the poisonous row does to the process, and settings under which that is soon over. */
const DEATHS: Record<string, { act: FailpointPlan['do']; settings: Record<string, string> }> = {
  'exit(1)': { act: 'exit', settings: {} },
  'a gigabyte': { act: 'allocate', settings: { NODE_OPTIONS: '--max-old-space-size=128' } },
}

/**
 * One recipient whose message cannot be rendered without the death of the worker: it alone is given up, after three
 * processes died on it with its name in the database; its neighbours and everybody else are sent.
 */
export async function poison(lab: Lab): Promise<Numbers> {
  const numbers: Numbers = { recipients: SIZE }
  for (const [name, death] of Object.entries(DEATHS).slice(0, lab.rounds(2, 1)))
    numbers[`${name}: restarts`] = await dieOnOne(lab, death)
  return numbers
}

async function dieOnOne(lab: Lab, { act, settings }: (typeof DEATHS)[string]): Promise<number> {
  const site = await lab.externalSite(settings)
  await site.start('api')
  await site.setUp({ maxInFlight: 4, latencyMinMs: 0, latencyMaxMs: 5 })
  const poisonous = phonesOf(SIZE)[120] ?? ''
  const crew = new Crew(site, 1, arm(site, { at: 'during_render', do: act, only: poisonous, times: null }).settings)
  try {
    await crew.untilReady()
    const campaign = await site.createCampaign(SIZE, { randomizeOrder: false })
    await resumeUntilCompleted(lab, campaign)
    check(
      crew.restarts <= MAX_RESTARTS,
      `The worker was started again ${crew.restarts} times; ${MAX_RESTARTS} are allowed.`,
    )
    check(crew.restarts >= 3, `Only ${crew.restarts} workers died: the row killed nobody.`)
    const books = await balance(campaign)
    check(books.accepted === SIZE - 1, `${books.accepted} of ${SIZE - 1} others were reached.`)
    const failed = await site.query<{ phone: string; category: string; code: string }>(
      `select phone, error_category as category, error_code as code from campaign_contacts
      where campaign_id = $1 and status = 'failed'`,
      [campaign.id],
    )
    const expected = JSON.stringify([{ phone: poisonous, category: 'API_ERROR', code: 'POISON' }])
    check(JSON.stringify(failed) === expected, `Failed are ${JSON.stringify(failed)}, not ${expected}.`)
    return crew.restarts
  } finally {
    await crew.dismiss()
  }
}

/** The only worker has no heir: each death pauses the campaign, and a person resumes it. */
async function resumeUntilCompleted(lab: Lab, campaign: ObservedCampaign): Promise<void> {
  const deadline = performance.now() + lab.limit(60_000)
  for (;;) {
    const { status } = await campaign.progress()
    if (status === 'completed') return
    if (status === 'paused') await campaign.resume()
    check(performance.now() < deadline, `After a minute the campaign is ${status}.`)
    await sleep(100)
  }
}
