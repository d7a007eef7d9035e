import { setTimeout as sleep } from 'node:timers/promises'
import { balanceAtEnd } from '../lab/balance.ts'
import { check, median, most } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import type { Site } from '../lab/Site.ts'

const POOL = 4
const REQUESTS = 50
const SLOW_S = 2
/** A request that gets no connection is refused within this, and says to come back within this. */
const REFUSED_MS = 3000
const RETRY_AFTER_S = 3

/** Every list of imports now takes two seconds, whoever asks. */
const SLOW_VIEW = `
  alter table contact_imports rename to real_imports;
  create view contact_imports as
    with slow as materialized (select pg_sleep(${SLOW_S})) select r.* from slow left join real_imports r on true where r.id is not null`

/**
 * Fifty slow requests at once on a pool of four connections: those that get none are refused soon and told when to come
 * back, and the lease of the same process is renewed as if nothing were.
 */
export async function exhaustedPool(lab: Lab): Promise<Numbers> {
  const site = await lab.externalSite({ DATABASE_POOL: String(POOL) })
  await site.start('all')
  await site.setUp({ latencyMinMs: 100, latencyMaxMs: 200 })
  const campaign = await site.createCampaign(lab.rounds(2000, 400))
  await campaign.untilAccepted(20, { limitMs: lab.limit(30_000) })
  const before = await campaign.lease()
  await site.change(SLOW_VIEW)
  const rounds = lab.rounds(5, 1)
  const answers = []
  for (let round = 0; round < rounds; round++) {
    answers.push(...(await Promise.all(Array.from({ length: REQUESTS }, () => ask(site)))))
    await sleep(200)
  }
  const refused = answers.filter(({ status }) => status === 503)
  const strange = answers.find(({ status }) => status !== 503 && status !== 200)
  check(strange === undefined, `A request was answered with ${strange?.status}.`)
  check(refused.length > 0, 'No request had to wait: the pool was not exhausted.')
  const slowest = most(refused.map(({ ms }) => ms))
  check(slowest <= lab.limit(REFUSED_MS), `A refusal came after ${slowest} ms.`)
  const longest = most(refused.map(({ retryAfter }) => retryAfter))
  check(longest >= 1 && longest <= RETRY_AFTER_S, `A refusal says to come back in ${longest} s.`)
  const after = await campaign.lease()
  check(after.status === 'running', `The campaign is ${after.status}.`)
  check(after.laneEpoch === before.laneEpoch && after.epoch === before.epoch, 'A lease was lost.')
  const books = await balanceAtEnd(campaign, lab.limit(60_000))
  return {
    requests: answers.length,
    'answered with 200': answers.length - refused.length,
    'answered with 503': refused.length,
    'refused after, median ms': median(refused.map(({ ms }) => ms)),
    'refused after, most ms': slowest,
    'Retry-After, most s': longest,
    'lost leases': 0,
    recipients: books.recipients,
  }
}

async function ask(site: Site): Promise<{ status: number; ms: number; retryAfter: number }> {
  const askedAt = performance.now()
  const response = await site.api.send('GET', '/api/user/imports')
  await response.arrayBuffer()
  return {
    status: response.status,
    ms: performance.now() - askedAt,
    retryAfter: Number(response.headers.get('retry-after')),
  }
}
