import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { balanceAtEnd } from '../lab/balance.ts'
import { check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'

const EVERY_MS = 200

/** An administrator (or a failing network) ends connections of the product at random, all the time. */
export async function backendsTerminated(lab: Lab): Promise<Numbers> {
  const forMs = lab.rounds(60_000, 5000)
  const postgres = await lab.postgres()
  const site = await lab.externalSite()
  const servers = [await site.start('api'), await site.start('worker')]
  await site.setUp({ latencyMinMs: 100, latencyMaxMs: 200 })
  const campaign = await site.createCampaign(lab.rounds(8000, 700))
  await campaign.untilAccepted(1, { limitMs: lab.limit(30_000) })
  const terminated = await terminateForAWhile(lab, postgres.urlOf('revoada'), forMs)
  check(
    servers.every((server) => !server.hasEnded),
    'A process ended with its connections.',
  )
  await site.gateway.behave({ latencyMinMs: 0, latencyMaxMs: 2 })
  const books = await balanceAtEnd(campaign, lab.limit(60_000))
  return {
    'connections terminated': terminated,
    'process exits': 0,
    recipients: books.recipients,
    'repeated requests': books.repeatedRequests,
  }
}

async function terminateForAWhile(lab: Lab, url: string, forMs: number): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const deadline = performance.now() + forMs
  let terminated = 0
  while (performance.now() < deadline) {
    const { rows } = await client.query<{ pid: number }>(
      `select pid from pg_stat_activity where application_name like 'revoada-%' order by pid`,
    )
    const victim = rows[Math.floor(lab.random.next() * rows.length)]
    if (victim !== undefined) {
      await client.query('select pg_terminate_backend($1)', [victim.pid])
      terminated += 1
    }
    lab.tell(`${terminated} connections terminated`)
    await sleep(EVERY_MS)
  }
  await client.end()
  return terminated
}
