import { setTimeout as sleep } from 'node:timers/promises'
import { balanceAtEnd } from '../lab/balance.ts'
import { check, most } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { Site } from '../lab/Site.ts'

const SYNC_MS = 1000
/** A sync whose statement waits so long takes twice its interval. */
const BODY_MS = 2 * SYNC_MS
const SAMPLE_MS = 20

/** The synchronizer's body takes twice its interval, again and again: never two of one process at once. */
export async function slowSync(lab: Lab): Promise<Numbers> {
  const site = await lab.externalSite({ SYNC_SECONDS: String(SYNC_MS / 1000) })
  await Promise.all([site.start('api'), site.start('worker')])
  await site.setUp()
  const rounds = lab.rounds(10, 3)
  const watch = { isOver: false, atOnce: [] as number[], bodies: new Set<string>() }
  const watching = sample(site, watch)
  for (let round = 0; round < rounds; round++) {
    await site.change(
      `begin; lock table campaign_counts in access exclusive mode; select pg_sleep(${BODY_MS / 1000}); commit`,
    )
    await sleep(SYNC_MS / 2)
  }
  watch.isOver = true
  await watching
  check(most(watch.atOnce) === 1, `${most(watch.atOnce)} bodies of one process ran at once.`)
  check(watch.bodies.size >= rounds - 1, `Only ${watch.bodies.size} bodies were seen in ${rounds} rounds.`)
  const campaign = await site.createCampaign(100)
  await balanceAtEnd(campaign, lab.limit(30_000))
  return { rounds, 'slow bodies seen': watch.bodies.size, 'most at once': most(watch.atOnce) }
}

/** What the database sees of the body: one worker alone looks for inconsistencies. */
async function sample(site: Site, watch: { isOver: boolean; atOnce: number[]; bodies: Set<string> }): Promise<void> {
  while (!watch.isOver) {
    const rows = await site.query<{ began: string }>(
      `select query_start::text as began from pg_stat_activity
      where state = 'active' and query like '%orphaned%' and pid <> pg_backend_pid()`,
    )
    watch.atOnce.push(rows.length)
    for (const { began } of rows) watch.bodies.add(began)
    await sleep(SAMPLE_MS)
  }
}
